/*
 * The words of a lying server. What is true is built first: the answer to init, an acknowledgement,
 * a page of the past; then each may be another one than the client waits for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/msg.h"
#include "simulation/liar.h"
#include "simulation/liar_private.h"
#include "text/buf.h"

#define PAGE_MOST 8 /* messages in a page of history */

/* Of a name that is too long for a file. */
#define LONG \
	"\\u00e9long\\u00e9long\\u00e9long\\u00e9long\\u00e9long\\u00e9long\\u00e9long\\u00e9long" \
	"/\\u00e9long.txt"

static const unsigned codes[] = {1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011,
	1012, 1013, 1014, 1015, 999, 3000, 4999, 5000, 0};

static const char *const odd[] = {"", "[", "{}", "null", "{\"type\":\"message\"}", "\xff\xfe",
	"{\"type\":\"strange\",\"n\":1}", "{\"type\":\"history\",\"messages\":\"none\"}",
	"{\"type\":\"userStatus\",\"userId\":\"c0\",\"username\":\"client0\",\"online\":false}",
	"{\n\"type\":\"userStatus\",\n\"userId\":\"z\",\"username\":\"zed\",\"online\":true\n}",
	"{\"type\":\"message\",\"id\":\"\",\"sender\":\"\",\"content\":\"\",\"timestamp\":-1}",
	"{\"type\":\"message\",\"id\":\"1\",\"sender\":\"zed\",\"content\":\"\\u001b["
	"2J\\ud83d\\ude00\","
	"\"timestamp\":99999999999999}",
	"{\"type\":\"message\",\"id\":\"f\",\"sender\":\"zed\",\"content\":\"../"
	"x\",\"timestamp\":1,"
	"\"file\":{\"name\":\"../../x\",\"type\":\"a/b\",\"size\":3,\"data\":\"AAAA\"}}",
	"{\"type\":\"message\",\"id\":\"g\",\"sender\":\"zed\",\"content\":\"y\",\"timestamp\":1,"
	"\"file\":{\"name\":\"CON\",\"type\":\"a/b\",\"size\":4,\"data\":\"AAAA\",\"path\":\"/"
	"etc\"}}",
	"{\"type\":\"message\",\"id\":\"j\",\"sender\":\"z\\u202ee<d\",\"content\":\"\\u0007\","
	"\"timestamp\":1,"
	"\"file\":{\"name\":\"nul.t\\u0001t. \",\"type\":\"a/b\",\"size\":3,\"data\":\"AAAA\"}}",
	"{\"type\":\"message\",\"id\":\"k\",\"sender\":\"zed\",\"content\":\"k\",\"timestamp\":1,"
	"\"file\":{\"name\":\"\\ud83d\\ude00" LONG LONG LONG "\",\"type\":\"a/b\",\"size\":3,"
	"\"data\":\"AAAA\"}}",
	"{\"type\":\"message\",\"id\":\"h\",\"sender\":\"zed\",\"content\":\"h\",\"timestamp\":1,"
	"\"hops\":1000,\"via\":[\"a/b\",\"c/d\"],\"replyTo\":\"9\"}"};

static const char *const errors[] = {"bad_utf8", "bad_json", "bad_message", "not_initialized",
	"already_initialized", "bad_username", "username_taken", "id_taken", "unauthorized",
	"text_too_long", "too_large", "nonce_reused", "rate_limited", "channel_full", "server_full",
	"slow_consumer", "storage_failed", "unavailable", "shutting_down", "internal", "strange"};

#define ONE_OF(list) (list)[lie_below(sizeof(list) / sizeof(*(list)))]

static void
say_buf(struct lie *lie, struct chat_buf *buf)
{
	lie_put_text(lie, buf->at, buf->len);
	chat_buf_free(buf);
}

/* An error. nonce: the raw JSON string of it, or "". */
static void
say_error(struct lie *lie, struct chat_span nonce)
{
	static const char *const more[] = {"", "", ",\"retryAfter\":300", ",\"retryAfter\":-5",
		",\"retryAfter\":86400000", ",\"retryAfter\":1e400", ",\"fatal\":true",
		",\"field\":\"/text\""};
	struct chat_buf buf = {0};

	chat_buf_printf(&buf, "{\"type\":\"error\",\"code\":\"%s\",\"message\":\"so it is\"",
		ONE_OF(errors));
	if (nonce.len)
		chat_buf_printf(&buf, ",\"nonce\":%.*s", (int)nonce.len, nonce.at);
	chat_buf_printf(&buf, "%s}", ONE_OF(more));
	say_buf(lie, &buf);
}

/* ---- a message ---- */

/* The parts of a message as raw JSON. */
struct words {
	struct chat_span content, nonce, file, reply_to;
	const char *sender, *sender_id;
};

static struct chat_span
span(const char *string)
{
	return (struct chat_span){string, strlen(string)};
}

static void
write_message(struct lie *lie, struct chat_buf *buf, const struct words *words)
{
	unsigned number = lie_lies(lie) && lie_below(2) ? lie->number : lie->number++;

	chat_buf_printf(buf,
		"{\"type\":\"message\",\"id\":\"lie-%08x\",\"sender\":%s,\"content\":%.*s,"
		"\"timestamp\":%u",
		number, words->sender, (int)words->content.len, words->content.at, 1000 + number);
	if (*words->sender_id)
		chat_buf_printf(buf, ",\"senderId\":%s", words->sender_id);
	if (words->nonce.len)
		chat_buf_printf(buf, ",\"nonce\":%.*s", (int)words->nonce.len, words->nonce.at);
	if (words->reply_to.len)
		chat_buf_printf(
			buf, ",\"replyTo\":%.*s", (int)words->reply_to.len, words->reply_to.at);
	if (words->file.len)
		chat_buf_printf(buf, ",\"file\":%.*s", (int)words->file.len, words->file.at);
	chat_buf_append_string(buf, "}");
}

/* Somebody says something. */
static void
write_other(struct lie *lie, struct chat_buf *buf)
{
	char content[64], reply[64];
	struct words words = {.sender = "\"zed\"", .sender_id = lie_below(2) ? "\"z\"" : ""};

	snprintf(content, sizeof(content), "\"lie %u\"", lie->number);
	words.content = span(content);
	if (lie->number && lie_below(3) == 0) {
		snprintf(reply, sizeof(reply), "\"lie-%08x\"", lie->number - 1);
		words.reply_to = span(reply);
	}
	write_message(lie, buf, &words);
}

/* A page of the past; or it ends too early, or never. */
static void
say_page(struct lie *lie)
{
	static const char *const ends[] = {"", ",\"complete\":true", ",\"complete\":true",
		",\"complete\":true", ",\"complete\":false", ",\"complete\":\"yes\""};
	bool more = lie->pages > 0;
	struct chat_buf buf = {0};

	lie->pages -= more;
	if (lie_lies(lie) && lie_below(4) == 0 && lie->number > 4)
		lie->number -= 4; /* once more */
	chat_buf_append_string(&buf, "{\"type\":\"history\",\"messages\":[");
	for (uint64_t i = 0, count = lie_below(PAGE_MOST); i < count; i++) {
		chat_buf_append_string(&buf, i ? "," : "");
		write_other(lie, &buf);
	}
	chat_buf_printf(&buf, "]%s%s}", ONE_OF(ends), more ? ",\"more\":true" : "");
	say_buf(lie, &buf);
}

/* ---- the answer to init ---- */

static void
say_user_data(struct lie *lie)
{
	static const char *const features[] = {
		"[\"nonce\",\"replyTo\",\"via\",\"hops\",\"more\",\"since\",\"sinceTime\"]",
		"[\"nonce\",\"since\"]",
		"[\"nonce\",\"replyTo\",\"via\",\"hops\",\"more\",\"since\"]", "[]", "{}",
		"[1,null,\"nonce\"]"};
	static const char *const more[] = {"", "", "", ",\"maxMessage\":40", ",\"maxMessage\":0",
		",\"maxMessage\":1e30", ",\"history\":-1", ",\"origin\":\"lie/\"", ",\"origin\":7"};
	struct chat_buf buf = {0};

	chat_buf_printf(&buf,
		"{\"type\":\"userData\",\"users\":[{\"id\":%s,\"username\":%s,"
		"\"online\":true}]",
		lie->id, lie->name);
	if (lie_below(6)) {
		chat_buf_printf(&buf, ",\"server\":{\"name\":\"liar\",\"features\":%s%s",
			ONE_OF(features), ONE_OF(more));
		chat_buf_printf(&buf, ",\"instance\":\"i%d\",\"since\":\"lie-%08x\"",
			(int)lie_below(2), lie->number);
		if (lie_lies(lie) && lie_below(3) == 0)
			chat_buf_printf(&buf, ",\"you\":{\"id\":\"" LIAR_GIVES "\"}");
		chat_buf_append_string(&buf, "}");
	}
	chat_buf_append_string(&buf, "}");
	say_buf(lie, &buf);
}

static void
copy_raw(char *to, size_t size, const struct chat_msg *msg, enum chat_slot slot)
{
	struct chat_span raw = msg->value[slot].raw;

	snprintf(to, size, "%.*s", chat_msg_has(msg, slot) ? (int)raw.len : 4,
		chat_msg_has(msg, slot) ? raw.at : "null");
}

static void
answer_init(struct lie *lie, const struct chat_msg *msg)
{
	lie->stage = LIE_TALK;
	copy_raw(lie->name, sizeof(lie->name), msg, CHAT_SLOT_USERNAME);
	copy_raw(lie->id, sizeof(lie->id), msg, CHAT_SLOT_ID);
	if (lie_lies(lie) && lie_below(3) == 0) {
		say_error(lie, (struct chat_span){0});
		return;
	}
	if (lie_lies(lie) && lie_below(6) == 0)
		lie_say(lie);
	if (!lie_lies(lie) || lie_below(8))
		say_user_data(lie);
	if (!lie_lies(lie) || lie_below(6))
		say_page(lie);
}

/* ---- the answer to a text ---- */

/* Changes what a true acknowledgement has. */
static void
twist(struct lie *lie, struct words *words)
{
	switch (lie_below(9)) {
	case 0:
		words->content = span("\"something else\"");
		break;
	case 1:
		words->sender = "\"zed\"";
		words->sender_id = "\"z\"";
		break;
	case 2:
		words->nonce = span("\"0000000000000000-1\"");
		break;
	case 3:
		words->nonce.len = 0;
		break;
	case 4:
		words->sender_id = "\"" LIAR_GIVES "\"";
		break;
	case 5:
		words->sender_id = "";
		break;
	case 6:
		words->reply_to = span("\"lie-00000000\"");
		break;
	case 7:
		words->file =
			span("{\"name\":\"n\",\"type\":\"a/b\",\"size\":3,\"data\":\"AAAA\"}");
		break;
	default:
		words->sender = lie->id;
	}
}

static void
acknowledge(struct lie *lie, const struct chat_msg *msg)
{
	bool file = msg->type == CHAT_TYPE_FILE, past = lie_lies(lie) && lie_below(6) == 0;
	struct chat_buf buf = {0};
	struct words words = {.sender = lie->name, .sender_id = lie->id};

	words.content = msg->value[file ? CHAT_SLOT_FILE_NAME : CHAT_SLOT_TEXT].raw;
	if (chat_msg_has(msg, CHAT_SLOT_NONCE))
		words.nonce = msg->value[CHAT_SLOT_NONCE].raw;
	if (chat_msg_has(msg, CHAT_SLOT_REPLY_TO))
		words.reply_to = msg->value[CHAT_SLOT_REPLY_TO].raw;
	if (file)
		words.file = msg->value[CHAT_SLOT_FILE].raw;
	if (lie_lies(lie))
		twist(lie, &words);
	if (past)
		chat_buf_append_string(&buf, "{\"type\":\"history\",\"messages\":[");
	write_message(lie, &buf, &words);
	if (past)
		chat_buf_append_string(&buf, "]}");
	say_buf(lie, &buf);
}

void
lie_answer_text(struct lie *lie, struct chat_span text)
{
	struct chat_msg msg;
	bool has_nonce;

	if (chat_msg_read(&msg, text, CHAT_FROM_CLIENT, NULL) < 0)
		return;
	if (msg.type == CHAT_TYPE_INIT) {
		answer_init(lie, &msg);
		return;
	}
	has_nonce = chat_msg_has(&msg, CHAT_SLOT_NONCE);
	if (lie_lies(lie) && lie_below(12) == 0)
		return; /* nothing */
	if (lie_lies(lie) && lie_below(4) == 0)
		say_error(lie,
			!has_nonce             ? (struct chat_span){0}
				: lie_below(3) ? msg.value[CHAT_SLOT_NONCE].raw
					       : span("\"none\""));
	else
		acknowledge(lie, &msg);
	if (lie_lies(lie) && lie_below(4) == 0)
		acknowledge(lie, &msg); /* once more */
}

/* ---- by itself ---- */

void
lie_say(struct lie *lie)
{
	struct chat_buf buf = {0};

	if (lie->stage != LIE_TALK && !lie_lies(lie))
		return;
	if (lie->stage != LIE_TALK && lie->stage != LIE_INIT)
		return;
	if (lie->pages) {
		say_page(lie);
		return;
	}
	if (!lie_lies(lie)) {
		write_other(lie, &buf);
		say_buf(lie, &buf);
		return;
	}
	switch (lie_below(8)) {
	case 0:
		lie_put_close(lie, ONE_OF(codes));
		break;
	case 1:
		say_error(lie, (struct chat_span){0});
		break;
	case 2:
		say_page(lie);
		break;
	case 3:
		say_user_data(lie);
		break;
	case 4: {
		const char *text = ONE_OF(odd);

		lie_put_text(lie, text, strlen(text));
		break;
	}
	default:
		lie_put_frame(lie);
	}
}
