/*
 * From what the user wrote to what the server gets. The bytes that were checked are the bytes that
 * are sent: a type or a nonce is put in between, nothing is decoded and written again.
 */
#include "draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "splice.h"
#include "utf8.h"

/* Which of these members an object that is well-formed JSON has at its top level. */
struct members {
	bool type, text, file, nonce;
};

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
	}
	return more;
}

static struct chat_span
strip(struct chat_span line)
{
	while (line.len > 0 && strchr(" \t\r\n", line.at[0]) && line.at[0] != '\0')
		line.at++, line.len--;
	while (line.len > 0 && strchr(" \t\r\n", line.at[line.len - 1]) && line.at[line.len - 1])
		line.len--;
	return line;
}

/* A copy of the line with the type that a bare object means; NULL where it has one, or means none.
 */
static char *
add_type(struct chat_span line, size_t *len)
{
	struct members members;
	struct chat_buf body = {0};
	const char *type;

	line = strip(line);
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

/* Line breaks between the tokens of one message would make it several lines of a log. */
static void
join_lines(char *body, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (body[i] == '\n' || body[i] == '\r')
			body[i] = ' ';
}

static int
draft_check(struct draft *draft, const struct chat_msg *msg, struct chat_err *err)
{
	struct members members;

	if (msg->type == CHAT_TYPE_INIT)
		return chat_fail(err, CHAT_ALREADY_INITIALIZED,
			"init is sent by this program itself: use -u and --id");
	draft->type = msg->type;
	draft->has_nonce = chat_msg_has(msg, CHAT_SLOT_NONCE);
	if (draft->has_nonce)
		draft->nonce = msg->value[CHAT_SLOT_NONCE];
	else if (members_find(&members, msg->line) == 0 && members.nonce) {
		chat_fail(err, CHAT_BAD_MESSAGE, "a nonce is a string of 1 to 64 characters");
		if (err)
			strcpy(err->field, "/nonce");
		return -1;
	}
	draft->has_reply_to = chat_msg_has(msg, CHAT_SLOT_REPLY_TO);
	if (draft->has_reply_to)
		draft->reply_to = msg->value[CHAT_SLOT_REPLY_TO];
	if (msg->type == CHAT_TYPE_TEXT)
		draft->text = msg->value[CHAT_SLOT_TEXT];
	return 0;
}

/* Takes over a body that the caller allocated, and frees it on failure. */
static int
draft_take(struct draft *draft, char *body, size_t len, struct chat_err *err)
{
	struct chat_msg msg;

	if (chat_msg_read(&msg, (struct chat_span){body, len}, CHAT_FROM_CLIENT, err) < 0 ||
		draft_check(draft, &msg, err) < 0) {
		free(body);
		return -1;
	}
	draft->body = body;
	draft->len = len;
	return 0;
}

int
draft_read(struct draft *draft, struct chat_span line, struct chat_err *err)
{
	struct chat_err why;
	struct chat_span object;
	char *body;
	size_t len;

	*draft = (struct draft){0};
	object = strip(line);
	body = chat_strndup(object.at, object.len);
	join_lines(body, object.len);
	if (draft_take(draft, body, object.len, &why) == 0)
		return 0;
	if (why.code == CHAT_BAD_MESSAGE && strcmp(why.field, "/type") == 0) {
		body = add_type(line, &len);
		if (body)
			return draft_take(draft, body, len, err);
	}
	if (err)
		*err = why;
	return -1;
}

int
draft_text(struct draft *draft, struct chat_span text, struct chat_err *err)
{
	char *string, *body;

	*draft = (struct draft){0};
	if (chat_utf8_check(text.at, text.len) != text.len)
		return chat_fail(err, CHAT_BAD_UTF8, "not UTF-8");
	if (memchr(text.at, '\0', text.len))
		return chat_fail(err, CHAT_NUL_CHARACTER, "U+0000 cannot be sent");
	string = chat_strndup(text.at, text.len);
	body = chat_encode_text(string, NULL, NULL);
	free(string);
	return draft_take(draft, body, strlen(body), err);
}

void
draft_free(struct draft *draft)
{
	free(draft->body);
	*draft = (struct draft){0};
}

void
draft_wire(const struct draft *draft, const char *nonce, struct chat_buf *wire)
{
	struct chat_span body = {draft->body, draft->len};
	char member[96];
	int len;

	if (!nonce) {
		chat_buf_append_span(wire, body);
		return;
	}
	len = snprintf(member, sizeof member, "\"nonce\":\"%s\"", nonce);
	splice_member(wire, body, (struct chat_span){member, (size_t)len});
}
