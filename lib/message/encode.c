/*
 * Writes the messages of a client, init, text and file, with cJSON.
 */
#include "message/encode.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "text/buf.h"

static void
add_string(cJSON *object, const char *name, const char *value)
{
	if (value)
		chat_need(cJSON_AddStringToObject(object, name, value));
}

static cJSON *
new_message(const char *type)
{
	cJSON *message = chat_need(cJSON_CreateObject());

	add_string(message, "type", type);
	return message;
}

static char *
print_and_delete(cJSON *item)
{
	char *line = chat_need(cJSON_PrintUnformatted(item));

	cJSON_Delete(item);
	return line;
}

char *
chat_encode_init(const struct chat_encode_init *init)
{
	cJSON *message = new_message("init");

	add_string(message, "username", init->username);
	add_string(message, "id", init->id);
	add_string(message, "token", init->token);
	add_string(message, "since", init->since);
	if (init->since_ms)
		chat_need(cJSON_AddNumberToObject(message, "sinceTime", (double)init->since_ms));
	if (init->hidden)
		add_string(message, "presence", "hidden");
	return print_and_delete(message);
}

char *
chat_encode_text(const char *text, const char *nonce, const char *reply_to)
{
	cJSON *message = new_message("text");

	add_string(message, "text", text);
	add_string(message, "nonce", nonce);
	add_string(message, "replyTo", reply_to);
	return print_and_delete(message);
}

static char *
base64_string(const void *bytes, size_t size)
{
	size_t len = chat_base64_encoded_size(size);
	char *text = chat_alloc(len + 1);

	text[chat_base64_encode(text, bytes, size)] = '\0';
	return text;
}

char *
chat_encode_file(const struct chat_encode_file *file)
{
	char *data = base64_string(file->bytes, file->size), *line;
	cJSON *message = new_message("file");
	cJSON *body = chat_need(cJSON_AddObjectToObject(message, "file"));

	add_string(body, "name", file->name);
	add_string(body, "type", file->type);
	chat_need(cJSON_AddNumberToObject(body, "size", (double)file->size));
	if (!cJSON_AddItemToObject(body, "data", chat_need(cJSON_CreateStringReference(data))))
		chat_out_of_memory();
	add_string(message, "nonce", file->nonce);
	add_string(message, "replyTo", file->reply_to);
	line = print_and_delete(message);
	free(data);
	return line;
}

char *
chat_encode_string(struct chat_span text)
{
	char *string = chat_strndup(text.at, text.len), *line;

	if (strlen(string) != text.len)
		abort(); /* cJSON would cut the text at U+0000 */
	line = print_and_delete(chat_need(cJSON_CreateStringReference(string)));
	free(string);
	return line;
}
