/*
 * From the line of the user to the message on the wire. The bytes that were checked are sent: a
 * type or a nonce is inserted, nothing is decoded and encoded again.
 */
#include "client/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json_edit.h"
#include "client/nonce.h"
#include "message/encode.h"
#include "message/rules.h"
#include "text/err.h"
#include "text/json_quote.h"
#include "text/span.h"
#include "text/utf8.h"

/* Tells which members an object has at its top level. */
struct members {
	bool type, text, file, nonce;
	bool way; /* it has via or hops, of any kind */
	struct chat_json_value id, channel, via, hops; /* of kind null if there is none */
};

static void
note_way(struct members *members, const struct chat_json_value *key,
	const struct chat_json_value *value)
{
	if (chat_json_string_is(key, CHAT_SPAN("id")))
		members->id = *value;
	else if (chat_json_string_is(key, CHAT_SPAN("channel")))
		members->channel = *value;
	else if (chat_json_string_is(key, CHAT_SPAN("via")))
		members->via = *value, members->way = true;
	else if (chat_json_string_is(key, CHAT_SPAN("hops")))
		members->hops = *value, members->way = true;
}

/* Returns 0, or -1 if the text is no object of JSON. */
static int
members_find(struct members *members, struct chat_span object)
{
	struct chat_json json;
	struct chat_json_value key, value;
	bool first;
	int more;

	*members = (struct members){0};
	chat_json_begin(&json, object);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return -1;
	while ((more = chat_json_member(&json, &first, &key, NULL)) > 0) {
		members->type |= chat_json_string_is(&key, CHAT_SPAN("type"));
		members->text |= chat_json_string_is(&key, CHAT_SPAN("text"));
		members->file |= chat_json_string_is(&key, CHAT_SPAN("file"));
		members->nonce |= chat_json_string_is(&key, CHAT_SPAN("nonce"));
		if (chat_json_read(&json, &value, NULL) < 0)
			return -1;
		note_way(members, &key, &value);
	}
	return more;
}

/* Returns a copy of a bare object with its type, or NULL if it has a type or is no message. */
static char *
add_type(struct chat_span line, size_t *len)
{
	struct members members;
	struct chat_buf body = {0};
	const char *type;

	line = chat_span_strip(line);
	if (line.len == 0 || line.at[0] != '{' || members_find(&members, line) < 0 || members.type)
		return NULL;
	type = members.text ? "text" : members.file ? "file" : NULL;
	if (!type)
		return NULL;
	chat_buf_printf(&body, "{\"type\":\"%s\",", type);
	chat_buf_append(&body, line.at + 1, line.len - 1);
	*len = body.len;
	return body.at;
}

/* Makes one line of a message that has line breaks between its tokens. */
static void
join_lines(char *body, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (body[i] == '\n' || body[i] == '\r')
			body[i] = ' ';
}

static int
fail_member(struct chat_err *err, const char *name, const char *text)
{
	chat_fail(err, CHAT_BAD_MESSAGE, "%s", text);
	if (err)
		snprintf(err->field, sizeof(err->field), "/%s", name);
	return -1;
}

/* Takes via, hops and origin from the line. A null is as good as missing: jq makes it of that. */
static int
take_way(struct draft *draft, const struct chat_msg *msg, const struct members *members,
	struct chat_err *err)
{
	char origin[VIA_NAME_SIZE];
	int64_t hops = 0;

	draft->has_via = chat_msg_has(msg, CHAT_SLOT_VIA);
	if (draft->has_via)
		draft->via = msg->value[CHAT_SLOT_VIA];
	else if (members->via.kind != CHAT_JSON_NULL)
		return fail_member(err, "via", "via is a list of at most 8 names of channels");
	draft->has_hops = chat_msg_has(msg, CHAT_SLOT_HOPS);
	if (draft->has_hops)
		chat_json_int64(msg->value[CHAT_SLOT_HOPS].raw, &hops);
	else if (members->hops.kind != CHAT_JSON_NULL)
		return fail_member(err, "hops", "hops is a number from 0 to 1000");
	draft->hops = (unsigned)hops;
	if (members->id.kind == CHAT_JSON_STRING && members->channel.kind == CHAT_JSON_STRING &&
		chat_via_name(origin, &members->id, &members->channel))
		draft->origin = chat_strdup(origin);
	draft->has_way = members->way || draft->origin;
	return 0;
}

/* Takes from a message what a draft needs. Refuses members that the server would ignore. */
static int
draft_check(struct draft *draft, const struct chat_msg *msg, bool ours, struct chat_err *err)
{
	struct members members = {0};

	if (!ours)
		members_find(&members, msg->line);
	if (msg->type == CHAT_TYPE_INIT)
		return chat_fail(err, CHAT_ALREADY_INITIALIZED,
			"init is sent by this program itself, with the username and id it was "
			"given");
	draft->type = msg->type;
	draft->has_nonce = chat_msg_has(msg, CHAT_SLOT_NONCE);
	if (draft->has_nonce)
		draft->nonce = msg->value[CHAT_SLOT_NONCE];
	else if (members.nonce)
		return fail_member(err, "nonce", "a nonce is a string of 1 to 64 characters");
	draft->has_reply_to = chat_msg_has(msg, CHAT_SLOT_REPLY_TO);
	if (draft->has_reply_to)
		draft->reply_to = msg->value[CHAT_SLOT_REPLY_TO];
	if (msg->type == CHAT_TYPE_TEXT)
		draft->text = msg->value[CHAT_SLOT_TEXT];
	return take_way(draft, msg, &members, err);
}

/*
 * Takes over a body that the caller allocated, and frees it on failure. ours: the body was made
 * here and has only the members that its type needs.
 */
static int
draft_take(struct draft *draft, char *body, size_t len, bool ours, struct chat_err *err)
{
	struct chat_msg msg;

	if (chat_msg_read(&msg, (struct chat_span){body, len}, CHAT_FROM_CLIENT, err) < 0 ||
		draft_check(draft, &msg, ours, err) < 0) {
		free(body);
		*draft = (struct draft){0};
		return -1;
	}
	draft->body = body;
	draft->len = len;
	return 0;
}

int
chat_draft_read(struct draft *draft, struct chat_span line, struct chat_err *err)
{
	struct chat_err why;
	struct chat_span object;
	char *body;
	size_t len;

	*draft = (struct draft){0};
	object = chat_span_strip(line);
	body = chat_strndup(object.at, object.len);
	join_lines(body, object.len);
	if (draft_take(draft, body, object.len, false, &why) == 0)
		return 0;
	if (why.code == CHAT_BAD_MESSAGE && strcmp(why.field, "/type") == 0) {
		body = add_type(line, &len);
		if (body)
			return draft_take(draft, body, len, false, err);
	}
	if (err)
		*err = why;
	return -1;
}

/*
 * Makes the body of a text of 1 to the most characters, which is valid as it is made here: it need
 * not be read again. Each line of chat-send -l comes here.
 */
static void
make_text(struct draft *draft, struct chat_span text, size_t points)
{
	struct chat_span front = CHAT_SPAN("{\"type\":\"text\",\"text\":");
	struct chat_buf body = {0};
	size_t len;

	chat_buf_reserve(&body, front.len + text.len + sizeof("\"\"}"));
	chat_buf_append_span(&body, front);
	chat_json_quote(&body, text);
	len = body.len - front.len;
	chat_buf_append(&body, "}", 1);
	draft->text = (struct chat_json_value){.kind = CHAT_JSON_STRING,
		.raw = {body.at + front.len, len},
		.points = points,
		.escaped = len > text.len + 2};
	draft->type = CHAT_TYPE_TEXT;
	draft->body = body.at;
	draft->len = body.len;
}

/* Returns true if a text has as many characters as the rules allow. */
static bool
is_allowed(size_t points)
{
	const struct chat_rule *rule =
		chat_shape_find(&chat_rules[CHAT_TYPE_TEXT].shape, CHAT_SPAN("text"));

	return points >= (size_t)rule->min && points <= (size_t)rule->max;
}

int
chat_draft_text(
	struct draft *draft, struct chat_span text, const char *reply_to, struct chat_err *err)
{
	size_t points;
	char *string, *body;

	*draft = (struct draft){0};
	if (chat_utf8_check(text.at, text.len) != text.len)
		return chat_fail(err, CHAT_BAD_UTF8, "not UTF-8");
	if (reply_to && chat_utf8_check(reply_to, strlen(reply_to)) != strlen(reply_to))
		return chat_fail(err, CHAT_BAD_UTF8, "the id of a message is not UTF-8");
	if (memchr(text.at, '\0', text.len))
		return chat_fail(err, CHAT_NUL_CHARACTER, "U+0000 cannot be sent");
	points = chat_utf8_count(text.at, text.len);
	if (!reply_to && is_allowed(points)) {
		make_text(draft, text, points);
		return 0;
	}
	string = chat_strndup(text.at, text.len);
	body = chat_encode_text(string, NULL, reply_to);
	free(string);
	return draft_take(draft, body, strlen(body), true, err);
}

void
chat_draft_free(struct draft *draft)
{
	free(draft->body);
	free(draft->origin);
	*draft = (struct draft){0};
}

/* Returns true if the message comes from another channel. An answer within a channel does not. */
static bool
is_carried(const struct draft *draft, const struct via_here *here)
{
	return draft->origin && !chat_via_here_is(here, draft->origin);
}

bool
chat_draft_has_been(const struct draft *draft, const struct via_here *here)
{
	if (!draft->has_via)
		return false;
	return chat_via_has_here(&draft->via, here) ||
		(is_carried(draft, here) && chat_via_count(&draft->via) >= CHAT_VIA_MOST);
}

/*
 * For chat_json_edit_without(): returns true for the members that chat_draft_wire() writes again
 * (`via`, `hops`) or does not send (`id`, `channel`).
 */
static bool
is_of_way(void *arg, const struct chat_json_value *key)
{
	(void)arg;
	return chat_json_string_is(key, CHAT_SPAN("via")) ||
		chat_json_string_is(key, CHAT_SPAN("hops")) ||
		chat_json_string_is(key, CHAT_SPAN("id")) ||
		chat_json_string_is(key, CHAT_SPAN("channel"));
}

#define TAIL_BYTES (NONCE_SIZE + 40)

/* Writes `hops`. Faster than printf: chat-send -l writes it for each line. */
static char *
put_hops(char *at, unsigned hops)
{
	char digits[10];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + hops % 10);
		hops /= 10;
	} while (hops > 0);
	at = stpcpy(at, ",\"hops\":");
	return mempcpy(at, digits + first, sizeof(digits) - first);
}

/* Appends hops, the nonce if there is one, and the end of the message. */
static void
write_tail(struct chat_buf *wire, unsigned hops, const char *nonce)
{
	char tail[TAIL_BYTES], *at = tail;

	if (hops > 0)
		at = put_hops(at, hops);
	if (nonce) {
		at = stpcpy(at, ",\"nonce\":\"");
		at = stpcpy(at, nonce);
		*at++ = '"';
	}
	*at++ = '}';
	chat_buf_append(wire, tail, (size_t)(at - tail));
}

void
chat_draft_wire(const struct draft *draft, const char *nonce, const struct via_here *here,
	struct chat_buf *wire)
{
	struct chat_span body = {draft->body, draft->len};
	bool carried = is_carried(draft, here);

	if (draft->has_way)
		chat_json_edit_without(wire, body, is_of_way, NULL);
	else
		chat_buf_append(wire, body.at, body.len - 1);
	if (draft->has_via || carried) {
		chat_buf_append_string(wire, ",\"via\":");
		chat_via_write(
			wire, draft->has_via ? &draft->via : NULL, carried ? draft->origin : "");
	}
	write_tail(wire, draft->hops, nonce);
}
