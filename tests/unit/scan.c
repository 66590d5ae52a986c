/*
 * The scanner agrees with the general reader: every variant accepts only messages, and accepts the
 * messages that the table of rules describes.
 */
#include "message/scan.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "chat/msg.h"
#include "guard.h"
#include "message/rules.h"
#include "same_message.h"
#include "tap.h"
#include "text/buf.h"
#include "text/utf8.h"

static struct chat_scan *scans[CHAT_SCAN_VARIANTS]; /* NULL: not on this processor */

/* Returns a copy of the line with a newline and `more` bytes behind it, and then unreadable memory.
 */
static const char *
padded_copy(struct chat_span line, size_t more)
{
	struct chat_buf copy = {0};
	char padding[CHAT_SCAN_PADDING];
	const char *at;

	memset(padding, '"', sizeof(padding)); /* a quote would end a string */
	chat_buf_append_span(&copy, line);
	chat_buf_append(&copy, "\n", 1);
	chat_buf_append(&copy, padding, more);
	at = guard_copy(copy.at, copy.len);
	chat_buf_free(&copy);
	return at;
}

static bool
accepts(const struct chat_scan *scan, struct chat_span line)
{
	struct chat_scan_lines lines = {.max_line = SIZE_MAX};
	bool accepted;

	lines.at = padded_copy(line, CHAT_SCAN_PADDING);
	lines.end = lines.at + line.len + 1;
	chat_scan_accept(scan, &lines);
	accepted = lines.at == lines.end;
	if (!accepted && lines.at != lines.end - line.len - 1)
		abort(); /* it stopped in the middle of a line */
	return accepted;
}

/* Returns true if the scanner reads the line, and reads it as the general reader does. */
static bool
reads(const struct chat_scan *scan, struct chat_span line)
{
	static struct chat_msg msg, want;
	struct chat_span copy = {padded_copy(line, CHAT_SCAN_PADDING - 1), line.len};

	if (chat_utf8_check(line.at, line.len) != line.len || !chat_scan_read(scan, copy, &msg))
		return false;
	if (chat_msg_read(&want, copy, CHAT_FROM_ANY, NULL) < 0 || !is_same_message(&msg, &want))
		abort();
	return true;
}

static void
ignore(void *arg, const struct chat_err *finding)
{
	(void)arg;
	(void)finding;
}

static bool
is_message(struct chat_span line)
{
	return chat_msg_check(NULL, line, CHAT_FROM_ANY, false, ignore, NULL) == 0;
}

/* ---- the table ---- */

static void put_value(struct chat_buf *out, const struct chat_rule *rule);

static void
put_object(struct chat_buf *out, const struct chat_shape *shape, bool additions)
{
	const char *separator = "{";

	for (size_t i = 0; i < shape->count; i++) {
		if (shape->rules[i].addition && !additions)
			continue;
		chat_buf_printf(out, "%s\"%s\":", separator, shape->rules[i].name.at);
		put_value(out, &shape->rules[i]);
		separator = ",";
	}
	chat_buf_append_string(out, "}");
}

static void
put_value(struct chat_buf *out, const struct chat_rule *rule)
{
	switch (rule->kind) {
	case CHAT_RULE_STRING:
		chat_buf_printf(out, "\"%s\"", rule->word ? rule->word : "aGk0");
		break;
	case CHAT_RULE_INTEGER:
		chat_buf_append_string(out, "1");
		break;
	case CHAT_RULE_BOOLEAN:
		chat_buf_append_string(out, "false");
		break;
	case CHAT_RULE_OBJECT:
		if (rule->shape)
			put_object(out, rule->shape, true);
		else
			chat_buf_append_string(out, "{\"a\":[1,{\"b\":null}]}");
		break;
	case CHAT_RULE_ARRAY:
		chat_buf_append_string(out, "[");
		put_object(out, rule->shape, true);
		chat_buf_append_string(out, ",");
		put_object(out, rule->shape, false);
		chat_buf_append_string(out, "]");
		break;
	case CHAT_RULE_WORDS:
		chat_buf_append_string(out, "[\"0a1b/ops\"]");
	}
}

/* A message without one of its members is accepted if the member is not required. */
static void
test_missing(const struct chat_rules_type *type, enum chat_scan_variant variant)
{
	bool right = true;

	for (size_t without = 0; without < type->shape.count; without++) {
		struct chat_rule rules[32];
		struct chat_shape shape = {rules, type->shape.count - 1};
		struct chat_buf line = {0};

		for (size_t i = 0; i < shape.count; i++)
			rules[i] = type->shape.rules[i + (i >= without)];
		put_object(&line, &shape, true);
		right &= accepts(scans[variant], chat_buf_span(&line)) ==
			!type->shape.rules[without].required;
		chat_buf_free(&line);
	}
	ok(right, "%s: %s: what is required is", chat_scan_word(variant), type->word);
}

static void
test_table(enum chat_scan_variant variant)
{
	for (int type = 0; type < CHAT_TYPES; type++)
		for (int additions = 0; additions <= 1; additions++) {
			struct chat_buf line = {0};

			put_object(&line, &chat_rules[type].shape, additions);
			ok(is_message(chat_buf_span(&line)), "%.*s is a message", (int)line.len,
				line.at);
			ok(accepts(scans[variant], chat_buf_span(&line)), "%s accepts %.*s",
				chat_scan_word(variant), (int)line.len, line.at);
			chat_buf_free(&line);
			test_missing(&chat_rules[type], variant);
		}
}

enum nesting { NEST_ARRAYS, NEST_OBJECTS, NEST_BOTH, NESTINGS };

static bool
is_object(enum nesting nesting, size_t level)
{
	return nesting == NEST_BOTH ? level % 2 != 0 : nesting == NEST_OBJECTS;
}

/* Appends a value without a rule, whose innermost `missing` levels are not closed. */
static void
put_nested(struct chat_buf *line, enum nesting nesting, size_t levels, size_t missing)
{
	chat_buf_append_string(line, "{\"type\":\"text\",\"text\":\"a\",\"x\":");
	for (size_t i = 0; i < levels; i++)
		chat_buf_append_string(line, is_object(nesting, i) ? "{\"k\":" : "[");
	chat_buf_append_string(line, "1");
	for (size_t i = levels - missing; i-- > 0;)
		chat_buf_append_string(line, is_object(nesting, i) ? "}" : "]");
	chat_buf_append_string(line, "}");
}

static void
test_nesting(enum chat_scan_variant variant)
{
	size_t accepted = 0, wrong = 0;

	for (int nesting = 0; nesting < NESTINGS; nesting++)
		for (size_t levels = 1; levels < 200; levels++)
			for (size_t missing = 0; missing <= 1; missing++) {
				struct chat_buf line = {0};
				bool accepts_it;

				put_nested(&line, (enum nesting)nesting, levels, missing);
				accepts_it = accepts(scans[variant], chat_buf_span(&line));
				accepted += accepts_it;
				wrong += accepts_it && !is_message(chat_buf_span(&line));
				chat_buf_free(&line);
			}
	is_int(wrong, 0, "%s: what is nested is closed", chat_scan_word(variant));
	ok(accepted > NESTINGS * 50, "and %zu such values are accepted", accepted);
}

static void
test_direction(void)
{
	static const char text[] = "{\"type\":\"text\",\"text\":\"a\"}";

	for (int from = CHAT_FROM_CLIENT; from <= CHAT_FROM_ANY; from++) {
		struct chat_scan *scan = chat_scan_new((enum chat_direction)from, chat_scan_best());

		ok(accepts(scan, chat_span_of(text)) == (from != CHAT_FROM_SERVER), "direction %d",
			from);
		chat_scan_free(scan);
	}
}

/* ---- the corpus, and mutations of it ---- */

#define SEEDS_MAX 4096
static struct chat_span seeds[SEEDS_MAX];
static size_t seed_count, valid_count;

static void
load_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) && seed_count < SEEDS_MAX) {
		char path[512];
		char *bytes = chat_alloc(GUARD_MAX);
		FILE *file;
		size_t len;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		len = file ? fread(bytes, 1, GUARD_MAX, file) : 0;
		if (file)
			fclose(file);
		while (len > 0 && bytes[len - 1] == '\n')
			len--;
		if (len > 0 && len < 4096 && !memchr(bytes, '\n', len))
			seeds[seed_count++] = (struct chat_span){chat_strndup(bytes, len), len};
		free(bytes);
	}
	if (dir)
		closedir(dir);
}

/* Returns true if all variants decide alike, and the general reader accepts what they accept. */
static bool
agree(struct chat_span line)
{
	bool plain = accepts(scans[CHAT_SCAN_PLAIN], line);
	bool plain_reads = reads(scans[CHAT_SCAN_PLAIN], line);

	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		if (scans[variant] &&
			(accepts(scans[variant], line) != plain ||
				reads(scans[variant], line) != plain_reads))
			return false;
	return !plain || is_message(line);
}

static void
test_corpus(void)
{
	size_t accepted = 0, read = 0, messages = 0, wrong = 0;

	for (size_t i = 0; i < seed_count; i++) {
		wrong += !agree(seeds[i]);
		accepted += accepts(scans[CHAT_SCAN_PLAIN], seeds[i]);
		read += reads(scans[CHAT_SCAN_PLAIN], seeds[i]);
		messages += is_message(seeds[i]);
	}
	ok(seed_count > 500, "%zu lines of the corpus", seed_count);
	is_int(wrong, 0, "none is accepted that is no message");
	ok(accepted * 10 > messages * 8, "%zu of %zu messages are accepted", accepted, messages);
	ok(read * 10 > messages * 5, "and %zu are read", read);
}

static uint64_t
below(uint64_t *state, uint64_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % limit;
}

static const char *const pieces[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\t", "\r", "0",
	"-", "1.0", "1e3", "null", "true", "\\u0000", "\\ud800", "\\udc00", "\\ud83d\\ude00",
	"\\u0041", "\\\\", "\\n", "\\x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
	"\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\x80", "\xFF", "\x1F", "\x7F",
	"\"type\":\"text\",", ",\"x\":{\"y\":[[]]}", "=", "==", "\"id\"", "\"size\":1,",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

static void
mutate(uint64_t *state, struct chat_buf *line)
{
	struct chat_span other = seeds[below(state, seed_count)];
	size_t at = below(state, line->len + 1), len = below(state, 12);
	struct chat_buf tail = {0};
	const char *piece = pieces[below(state, sizeof(pieces) / sizeof(pieces[0]))];

	chat_buf_append(&tail, line->at + at, line->len - at);
	line->len = at;
	switch (below(state, 5)) {
	case 0: /* some bytes less */
		chat_buf_drop(&tail, len < tail.len ? len : tail.len);
		break;
	case 1: /* one byte changed */
		if (tail.len > 0)
			tail.at[0] ^= (char)(1 << below(state, 8));
		break;
	case 2: /* a part of another line in between */
		at = below(state, other.len);
		chat_buf_append(line, other.at + at, below(state, other.len - at + 1));
		break;
	default: /* another piece in between */
		chat_buf_append_string(line, piece);
	}
	chat_buf_append_span(line, chat_buf_span(&tail));
	for (size_t i = 0; i < line->len; i++)
		if (line->at[i] == '\n')
			line->at[i] = ' ';
	chat_buf_free(&tail);
}

/* CHAT_TEST_MUTATIONS in the environment sets the number; the default is a million. */
static void
test_mutations(void)
{
	const char *wanted = getenv("CHAT_TEST_MUTATIONS");
	long count = wanted ? atol(wanted) : getenv("CHAT_TEST_SLOWNESS") ? 100000 : 1000000;
	uint64_t state = 20251122;
	size_t wrong = 0, accepted = 0;

	for (long i = 0; i < count; i++) {
		struct chat_span seed =
			seeds[below(&state, below(&state, 4) ? valid_count : seed_count)];
		struct chat_buf line = {0};

		chat_buf_append_span(&line, seed);
		for (uint64_t times = below(&state, 3) + 1; times > 0; times--)
			mutate(&state, &line);
		if (!agree(chat_buf_span(&line)) && wrong++ < 3)
			printf("# %.*s\n", (int)line.len, line.at);
		accepted += accepts(scans[CHAT_SCAN_PLAIN], chat_buf_span(&line));
		chat_buf_free(&line);
	}
	is_int(wrong, 0, "%ld mutated lines: none is accepted that is no message", count);
	ok(accepted > (size_t)count / 25, "%zu were accepted", accepted);
}

/* ---- many lines ---- */

static void
test_block(enum chat_scan_variant variant)
{
	static const char text[] = "{\"type\":\"text\",\"text\":\"gr\xC3\xBC\xC3\x9F\"}\n"
				   "{\"type\":\"text\",\"text\":1}\n"
				   "{\"type\":\"text\",\"text\":\"\xF0\x9F\x98\"}\n"
				   "{\"type\":\"error\",\"code\":\"a\",\"message\":\"b\"}\r\n";
	char room[sizeof(text) + CHAT_SCAN_PADDING] = {0};
	struct chat_scan_lines lines = {.max_line = SIZE_MAX};
	unsigned asked = 0;

	memcpy(room, text, sizeof(text) - 1);
	lines.at = room;
	lines.end = room + sizeof(text) - 1;
	for (; chat_scan_accept(scans[variant], &lines), lines.at < lines.end; asked++)
		lines.at = strchr(lines.at, '\n') + 1;
	ok(asked >= 2, "%s asks about bad lines and goes on behind them", chat_scan_word(variant));
	is_int(lines.types[CHAT_TYPE_ERROR], 1, "and counts the good ones");
	lines = (struct chat_scan_lines){.at = room, .end = room + 32, .max_line = 5};
	lines.end = strchr(room, '\n') + 1;
	chat_scan_accept(scans[variant], &lines);
	ok(lines.at == room, "and asks about lines that are too long");
}

int
main(void)
{
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		if (chat_scan_can((enum chat_scan_variant)variant))
			scans[variant] =
				chat_scan_new(CHAT_FROM_ANY, (enum chat_scan_variant)variant);
	ok(scans[CHAT_SCAN_PLAIN] && scans[chat_scan_best()], "there is a variant");
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		if (scans[variant]) {
			test_table((enum chat_scan_variant)variant);
			test_nesting((enum chat_scan_variant)variant);
			test_block((enum chat_scan_variant)variant);
		}
	test_direction();
	load_folder("tests/corpus/valid");
	valid_count = seed_count;
	load_folder("tests/corpus/invalid");
	test_corpus();
	test_mutations();
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		chat_scan_free(scans[variant]);
	for (size_t i = 0; i < seed_count; i++)
		free((char *)seeds[i].at);
	return done();
}
