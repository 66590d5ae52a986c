/* The nonces of answers. A command that gives an answer again gives it the same nonce. */
#include "listen/answer_nonce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/json_edit.h"
#include "text/buf.h"
#include "text/utf8.h"

void
answerer_begin(struct answerer *answerer, char *const *argv)
{
	struct chat_buf words = {0};

	for (size_t i = 0; argv[i]; i++)
		chat_buf_append(&words, argv[i], strlen(argv[i]) + 1);
	chat_sha256(answerer->digest, chat_buf_span(&words));
	chat_buf_free(&words);
}

void
answer_prefix(char prefix[NONCE_PREFIX_LEN + 1], const struct answerer *answerer,
	const struct chat_json_value *question)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	struct chat_buf bytes = {0};
	char *at;

	chat_buf_append(&bytes, (const char *)answerer->digest, sizeof(answerer->digest));
	at = chat_buf_reserve(&bytes, question->raw.len);
	bytes.len += chat_json_unescape(question, at, question->raw.len);
	chat_sha256(digest, chat_buf_span(&bytes));
	chat_buf_free(&bytes);
	chat_hex(prefix, digest, NONCE_PREFIX_LEN / 2);
}

void
answer_add_nonce(struct draft *draft, const char *nonce)
{
	char member[NONCE_SIZE + 16];
	struct chat_buf line = {0};
	int len;

	len = snprintf(member, sizeof(member), "\"nonce\":\"%s\"", nonce);
	chat_json_edit_add(&line, (struct chat_span){draft->body, draft->len},
		(struct chat_span){member, (size_t)len});
	chat_draft_free(draft);
	if (chat_draft_read(draft, chat_buf_span(&line), NULL) < 0)
		abort(); /* it was valid without the nonce, so it is valid with it */
	chat_buf_free(&line);
}

/*
 * Finds `type` and `id` in a line; one that is missing is not set. Returns false if the line is not
 * one object of JSON.
 */
static bool
find_done(struct chat_span line, struct chat_json_value *type, struct chat_json_value *id)
{
	struct chat_json_value key, value;
	struct chat_json json;
	bool first;
	int more;

	if (chat_utf8_check(line.at, line.len) != line.len)
		return false;
	chat_json_begin(&json, line);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return false;
	while ((more = chat_json_member(&json, &first, &key, NULL)) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			return false;
		if (chat_json_string_is(&key, CHAT_SPAN("type")))
			*type = value;
		else if (chat_json_string_is(&key, CHAT_SPAN("id")))
			*id = value;
	}
	return more == 0 && chat_json_end(&json, NULL) == 0;
}

bool
answer_is_done(struct draft *draft, struct chat_span line)
{
	struct chat_json_value type = {0}, id = {0};
	char *body;

	*draft = (struct draft){0};
	if (!memmem(line.at, line.len, "$done", 5))
		return false;
	body = chat_strndup(line.at, line.len);
	if (!find_done((struct chat_span){body, line.len}, &type, &id) ||
		type.kind != CHAT_JSON_STRING || !chat_json_string_is(&type, CHAT_SPAN("$done")) ||
		id.kind != CHAT_JSON_STRING) {
		free(body);
		return false;
	}
	*draft =
		(struct draft){.body = body, .len = line.len, .has_reply_to = true, .reply_to = id};
	return true;
}
