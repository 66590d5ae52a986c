/*
 * Writes the messages of a client: init, text and file.
 */
#include "message/encode.h"

#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "text/json_quote.h"

static void
begin(struct chat_buf *line, const char *type)
{
	chat_buf_append_string(line, "{\"type\":");
	chat_json_quote(line, chat_span_of(type));
}

/* Ends the message. Returns the line, which the caller must free(3). */
static char *
end(struct chat_buf *line)
{
	chat_buf_append(line, "}", sizeof("}"));
	return line->at;
}

static void
put_name(struct chat_buf *line, const char *name)
{
	chat_buf_printf(line, ",\"%s\":", name);
}

/* Adds a member, unless its value is NULL. */
static void
put_string(struct chat_buf *line, const char *name, const char *value)
{
	if (!value)
		return;
	put_name(line, name);
	chat_json_quote(line, chat_span_of(value));
}

char *
chat_encode_init(const struct chat_encode_init *init)
{
	struct chat_buf line = {0};

	begin(&line, "init");
	put_string(&line, "username", init->username);
	put_string(&line, "id", init->id);
	put_string(&line, "token", init->token);
	put_string(&line, "since", init->since);
	if (init->since_ms) {
		put_name(&line, "sinceTime");
		chat_buf_printf(&line, "%lld", (long long)init->since_ms);
	}
	if (init->hidden)
		put_string(&line, "presence", "hidden");
	return end(&line);
}

char *
chat_encode_text(const char *text, const char *nonce, const char *reply_to)
{
	struct chat_buf line = {0};

	begin(&line, "text");
	put_string(&line, "text", text);
	put_string(&line, "nonce", nonce);
	put_string(&line, "replyTo", reply_to);
	return end(&line);
}

#define AROUND_BYTES 1024 /* of a file message without its contents, about */

char *
chat_encode_file(const struct chat_encode_file *file)
{
	size_t size = chat_base64_encoded_size(file->size);
	struct chat_buf line = {0};

	chat_buf_reserve(&line, size + AROUND_BYTES);
	begin(&line, "file");
	chat_buf_append_string(&line, ",\"file\":{\"name\":");
	chat_json_quote(&line, chat_span_of(file->name));
	put_string(&line, "type", file->type);
	put_name(&line, "size");
	chat_buf_printf(&line, "%zu,\"data\":\"", file->size);
	line.len += chat_base64_encode(chat_buf_reserve(&line, size), file->bytes, file->size);
	chat_buf_append_string(&line, "\"}");
	put_string(&line, "nonce", file->nonce);
	put_string(&line, "replyTo", file->reply_to);
	return end(&line);
}

char *
chat_encode_string(struct chat_span text)
{
	struct chat_buf string = {0};

	if (text.len && memchr(text.at, '\0', text.len))
		abort(); /* no message has it */
	chat_json_quote(&string, text);
	chat_buf_append(&string, "", 1);
	return string.at;
}
