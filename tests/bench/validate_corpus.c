/*
 * The log that chat-validate is measured on, the same bytes for the same seed:
 *
 *	validate_corpus [normal|escaped|spaced|bad] [MEGABYTES [SEED]]
 *
 * All eight types, two thirds of the lines with text that is not ASCII, 13% with escapes, 6%
 *spaced, 5% with their keys shuffled. escaped: everything that is not ASCII as \uXXXX; spaced:
 *every line; bad: one line in twenty is no message.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/rules.h"
#include "text/buf.h"
#include "text/utf8.h"

enum mode { MODE_NORMAL, MODE_ESCAPED, MODE_SPACED, MODE_BAD };
static const char *const modes[] = {"normal", "escaped", "spaced", "bad"};

static const char *const ascii[] = {"the", "deploy", "is", "done", "on", "staging", "can", "you",
	"look", "at", "it", "please", "build", "1742", "failed", "again:", "see", "log", "I",
	"think", "we", "should", "roll", "back", "now,", "ok?", "thanks!", "/srv/app", "tomorrow",
	"meeting"};
static const char *const other[] = {"größer", "café", "naïve", "Übung", "señor", "garçon", "привет",
	"спасибо", "сегодня", "работает", "ошибка", "καλημέρα", "ευχαριστώ", "你好", "世界",
	"今日は", "ありがとう", "안녕하세요", "שלום", "مرحبا", "नमस्ते", "สวัสดี", "😀", "👍🏽", "🚀",
	"→", "…", "“quote”", "—", "€"};
static const char *const escapes[] = {
	"\\n", "\\\"", "\\\\", "\\t", "\\u00e9", "\\ud83d\\ude00", "\\/"};
static const char *const names[] = {"alice", "bob", "carol", "dave-42", "helpbot", "mallory"};
static const char *const other_names[] = {"Jürgen", "Zoë Ω", "Алиса", "小明你", "José", "Žofie"};

struct corpus {
	uint64_t state;
	enum mode mode;
	bool other, escaped, spaced, shuffled; /* of the line */
	int64_t clock;
	uint64_t id;
	struct chat_buf out;
};

#define PICK(corpus, list) list[below(corpus, sizeof(list) / sizeof(list[0]))]

static uint64_t
below(struct corpus *corpus, uint64_t limit)
{
	corpus->state ^= corpus->state << 13;
	corpus->state ^= corpus->state >> 7;
	corpus->state ^= corpus->state << 17;
	return (corpus->state >> 11) % limit;
}

static void
put_word(struct corpus *corpus, struct chat_buf *out, const char *word)
{
	size_t len;

	if (corpus->mode != MODE_ESCAPED) {
		chat_buf_append_string(out, word);
		return;
	}
	for (; *word; word += len) {
		uint32_t point = chat_utf8_decode(word, &len);

		if (point < 0x80)
			chat_buf_append(out, word, 1);
		else if (point < 0x10000)
			chat_buf_printf(out, "\\u%04x", point);
		else
			chat_buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((point - 0x10000) >> 10),
				0xDC00 + (point & 0x3FF));
	}
}

/* Mostly short, some long: words with blanks between. */
static void
put_text(struct corpus *corpus, struct chat_buf *out)
{
	uint64_t words = below(corpus, 8) == 0 ? 10 + below(corpus, 60) : 1 + below(corpus, 20);
	uint64_t marked = corpus->escaped ? below(corpus, words) : words;

	for (uint64_t i = 0; i < words; i++) {
		bool foreign = corpus->other && (i == 0 || below(corpus, 10) < 6);

		if (i > 0)
			chat_buf_append_string(out, " ");
		put_word(corpus, out, foreign ? PICK(corpus, other) : PICK(corpus, ascii));
		if (i == marked || (corpus->escaped && below(corpus, 8) == 0))
			chat_buf_append_string(out, PICK(corpus, escapes));
	}
}

static const char *
name_of(struct corpus *corpus)
{
	return corpus->other && below(corpus, 2) ? PICK(corpus, other_names) : PICK(corpus, names);
}

/* ---- an object, member by member ---- */

static void
put_key(struct corpus *corpus, struct chat_buf *out, const char *key)
{
	chat_buf_printf(out, corpus->spaced ? "\"%s\": " : "\"%s\":", key);
}

static void
put_string(struct corpus *corpus, struct chat_buf *out, const char *key, const char *value)
{
	put_key(corpus, out, key);
	chat_buf_append_string(out, "\"");
	put_word(corpus, out, value);
	chat_buf_append_string(out, "\"");
}

/* The members stand in out, each ended by a NUL; from there they become one object. */
static void
close_object(struct corpus *corpus, struct chat_buf *out, size_t start)
{
	struct chat_buf done = {0};
	const char *members[16];
	size_t count = 0;

	for (const char *at = out->at + start; at < out->at + out->len; at += strlen(at) + 1)
		members[count++] = at;
	for (size_t i = count; corpus->shuffled && i > 1; i--) {
		size_t j = below(corpus, i);
		const char *member = members[i - 1];

		members[i - 1] = members[j];
		members[j] = member;
	}
	for (size_t i = 0; i < count; i++) {
		chat_buf_append_string(&done, i == 0 ? "{" : corpus->spaced ? ", " : ",");
		chat_buf_append_string(&done, members[i]);
	}
	chat_buf_append_string(&done, "}");
	out->len = start;
	chat_buf_append(out, done.at, done.len);
	chat_buf_free(&done);
}

static void
end_member(struct chat_buf *out)
{
	chat_buf_append(out, "", 1);
}

static void
member(struct corpus *corpus, struct chat_buf *out, const char *key, const char *value)
{
	put_string(corpus, out, key, value);
	end_member(out);
}

static void
member_text(struct corpus *corpus, struct chat_buf *out, const char *key)
{
	put_key(corpus, out, key);
	chat_buf_append_string(out, "\"");
	put_text(corpus, out);
	chat_buf_append_string(out, "\"");
	end_member(out);
}

static void
member_number(struct corpus *corpus, struct chat_buf *out, const char *key, int64_t value)
{
	put_key(corpus, out, key);
	chat_buf_printf(out, "%" PRId64, value);
	end_member(out);
}

static void
member_online(struct corpus *corpus, struct chat_buf *out)
{
	put_key(corpus, out, "online");
	chat_buf_append_string(out, below(corpus, 4) ? "true" : "false");
	end_member(out);
}

static void
member_id(struct corpus *corpus, struct chat_buf *out, const char *key)
{
	char id[32];

	snprintf(id, sizeof(id), "client-%05" PRIu64, below(corpus, 100000));
	member(corpus, out, key, id);
}

/* ---- the eight ---- */

static void
put_message(struct corpus *corpus, struct chat_buf *out)
{
	size_t start = out->len;
	char id[40];

	snprintf(id, sizeof(id), "m6hq3k-%010" PRIu64, ++corpus->id);
	corpus->clock += (int64_t)below(corpus, 3000);
	member(corpus, out, "type", "message");
	member(corpus, out, "id", id);
	member(corpus, out, "sender", name_of(corpus));
	member_text(corpus, out, "content");
	member_number(corpus, out, "timestamp", corpus->clock);
	member(corpus, out, "channel", below(corpus, 3) ? "/" : "/ops");
	member_id(corpus, out, "senderId");
	if (below(corpus, 2)) {
		snprintf(id, sizeof(id), "%016" PRIx64, corpus->state);
		member(corpus, out, "nonce", id);
	}
	close_object(corpus, out, start);
}

static void
put_file(struct corpus *corpus, struct chat_buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint64_t groups = 20 + below(corpus, 800);
	size_t start = out->len, inner;

	member(corpus, out, "type", "file");
	put_key(corpus, out, "file");
	inner = out->len;
	member(corpus, out, "name", corpus->other ? "отчёт.pdf" : "report.pdf");
	member(corpus, out, "type", "application/pdf");
	member_number(corpus, out, "size", (int64_t)groups * 3);
	put_key(corpus, out, "data");
	chat_buf_append_string(out, "\"");
	for (uint64_t i = 0; i < groups * 4; i++)
		chat_buf_append(out, &digits[below(corpus, 64)], 1);
	chat_buf_append_string(out, "\"");
	end_member(out);
	close_object(corpus, out, inner);
	end_member(out);
	close_object(corpus, out, start);
}

static void
put_user(struct corpus *corpus, struct chat_buf *out)
{
	size_t start = out->len;

	member_id(corpus, out, "id");
	member(corpus, out, "username", name_of(corpus));
	member_online(corpus, out);
	member_number(corpus, out, "lastActive", corpus->clock);
	close_object(corpus, out, start);
}

static void
member_list(struct corpus *corpus, struct chat_buf *out, const char *key, uint64_t count,
	void (*put)(struct corpus *, struct chat_buf *))
{
	put_key(corpus, out, key);
	chat_buf_append_string(out, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (i > 0)
			chat_buf_append_string(out, corpus->spaced ? ", " : ",");
		put(corpus, out);
	}
	chat_buf_append_string(out, "]");
	end_member(out);
}

static void
put_plain(struct corpus *corpus, struct chat_buf *out, enum chat_type type)
{
	size_t start = out->len;

	member(corpus, out, "type", chat_rules[type].word);
	if (type == CHAT_TYPE_INIT) {
		member(corpus, out, "username", name_of(corpus));
		member_id(corpus, out, "id");
	} else if (type == CHAT_TYPE_TEXT) {
		member_text(corpus, out, "text");
	} else if (type == CHAT_TYPE_ERROR) {
		member(corpus, out, "code", "rate_limited");
		member_text(corpus, out, "message");
	} else if (type == CHAT_TYPE_USER_STATUS) {
		member_id(corpus, out, "userId");
		member(corpus, out, "username", name_of(corpus));
		member_online(corpus, out);
	} else if (type == CHAT_TYPE_USER_DATA) {
		member_list(corpus, out, "users", 1 + below(corpus, 30), put_user);
	} else {
		member_list(corpus, out, "messages", below(corpus, 20), put_message);
	}
	close_object(corpus, out, start);
}

/* By their share of a channel's traffic, per cent. */
static enum chat_type
pick_type(struct corpus *corpus)
{
	static const unsigned char shares[CHAT_TYPES] = {[CHAT_TYPE_INIT] = 4,
		[CHAT_TYPE_TEXT] = 20,
		[CHAT_TYPE_FILE] = 2,
		[CHAT_TYPE_MESSAGE] = 54,
		[CHAT_TYPE_ERROR] = 4,
		[CHAT_TYPE_USER_DATA] = 3,
		[CHAT_TYPE_USER_STATUS] = 10,
		[CHAT_TYPE_HISTORY] = 3};
	uint64_t share = below(corpus, 100);
	int type = 0;

	while (share >= shares[type])
		share -= shares[type++];
	return (enum chat_type)type;
}

/* One flaw of those that logs have. */
static void
spoil(struct corpus *corpus, struct chat_buf *line)
{
	switch (below(corpus, 5)) {
	case 0: /* cut off */
		line->len = 1 + below(corpus, line->len - 1);
		break;
	case 1: /* not UTF-8 */
		line->at[line->len / 2] = '\xFF';
		break;
	case 2: /* a type that is none */
		line->at[9 + corpus->spaced] = 'X';
		break;
	case 3: /* two on a line */
		chat_buf_append_string(line, "{}");
		break;
	default: /* a key twice */
		line->len--;
		chat_buf_append_string(line, ",\"type\":0,\"type\":1}");
	}
}

static void
put_line(struct corpus *corpus)
{
	struct chat_buf *line = &corpus->out;
	enum chat_type type = pick_type(corpus);

	corpus->other = below(corpus, 3) < 2;
	corpus->escaped = below(corpus, 100) < 13;
	corpus->spaced = below(corpus, 100) < 6 || corpus->mode == MODE_SPACED;
	corpus->shuffled = below(corpus, 100) < 5;
	if (type == CHAT_TYPE_MESSAGE)
		put_message(corpus, line);
	else if (type == CHAT_TYPE_FILE)
		put_file(corpus, line);
	else
		put_plain(corpus, line, type);
	if (corpus->mode == MODE_BAD && below(corpus, 20) == 0)
		spoil(corpus, line);
	chat_buf_append_string(line, "\n");
}

int
main(int argc, char **argv)
{
	struct corpus corpus = {.clock = INT64_C(1760000000000)};
	uint64_t left = (argc > 2 ? strtoull(argv[2], NULL, 10) : 100) * 1000000;

	corpus.state = (argc > 3 ? strtoull(argv[3], NULL, 10) : 1) * UINT64_C(0x9E3779B97F4A7C15);
	while (argc > 1 && strcmp(modes[corpus.mode], argv[1]) != 0)
		if (++corpus.mode > MODE_BAD) {
			fprintf(stderr,
				"usage: validate_corpus [normal|escaped|spaced|bad] [MB [SEED]]\n");
			return 64;
		}
	while (left > 0) {
		put_line(&corpus);
		if (fwrite(corpus.out.at, 1, corpus.out.len, stdout) != corpus.out.len)
			return 74;
		left -= corpus.out.len < left ? corpus.out.len : left;
		chat_buf_drop(&corpus.out, corpus.out.len);
	}
	chat_buf_free(&corpus.out);
	return fflush(stdout) == 0 ? 0 : 74;
}
