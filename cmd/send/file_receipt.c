/*
 * The receipt of a file has the digest of the data instead of the data, so that a log stays small.
 */
#include "send/file_receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "chat/msg.h"
#include "client/json_edit.h"
#include "text/json_strdup.h"
#include "wire/digest.h"

#define HEX_LEN (2 * (size_t)CHAT_SHA256_BYTES)

/* Writes the SHA-256 of the file in a draft, in hexadecimal. */
static void
write_sha256(char hex[HEX_LEN + 1], const struct draft *draft)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	struct chat_msg sent;
	char *text, *bytes;
	size_t len;

	chat_msg_read(&sent, (struct chat_span){draft->body, draft->len}, CHAT_FROM_CLIENT, NULL);
	text = chat_json_strdup(&sent.value[CHAT_SLOT_FILE_DATA]);
	len = strlen(text);
	bytes = chat_alloc(chat_base64_decoded_size(text, len) + 1);
	len = chat_base64_decode(bytes, text, len);
	chat_sha256(digest, (struct chat_span){bytes, len});
	chat_hex(hex, digest, sizeof(digest));
	free(bytes);
	free(text);
}

/* Leaves out the members that are replaced. */
static bool
is_replaced(void *arg, const struct chat_json_value *key)
{
	(void)arg;
	return chat_json_string_is(key, CHAT_SPAN("data")) ||
		chat_json_string_is(key, CHAT_SPAN("omitted")) ||
		chat_json_string_is(key, CHAT_SPAN("sha256"));
}

/* Appends `file` without its data. */
static void
append_file(struct chat_buf *out, const struct draft *draft, struct chat_span file)
{
	char hex[HEX_LEN + 1];

	chat_json_edit_without(out, file, is_replaced, NULL);
	write_sha256(hex, draft);
	chat_json_edit_comma(out);
	chat_buf_printf(out, "\"omitted\":true,\"sha256\":\"%s\"}", hex);
}

void
file_receipt_write(struct chat_buf *out, const struct draft *draft, struct chat_span receipt)
{
	struct chat_msg msg;
	struct chat_span file;
	const char *after;

	if (chat_msg_read(&msg, receipt, CHAT_FROM_SERVER, NULL) < 0 ||
		!chat_msg_has(&msg, CHAT_SLOT_FILE)) {
		chat_buf_append_span(out, receipt);
		return;
	}
	file = msg.value[CHAT_SLOT_FILE].raw;
	after = file.at + file.len;
	chat_buf_append(out, receipt.at, (size_t)(file.at - receipt.at));
	append_file(out, draft, file);
	chat_buf_append(out, after, (size_t)(receipt.at + receipt.len - after));
}
