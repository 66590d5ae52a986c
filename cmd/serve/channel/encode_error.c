/* Encodes an `error`. Errors are rare, so cJSON may write and escape them. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "serve/channel/encode.h"
#include "text/buf.h"

/* Adds a JSON value unchanged. cJSON needs a copy that ends with a NUL. */
static void
add_raw(cJSON *object, const char *name, struct chat_span json)
{
	char *text = chat_strndup(json.at, json.len);

	cJSON_AddRawToObject(object, name, text);
	free(text);
}

struct block *
encode_error(const struct outgoing_error *error)
{
	cJSON *object = cJSON_CreateObject();
	struct block *block;
	char *text;

	cJSON_AddStringToObject(object, "type", "error");
	cJSON_AddStringToObject(object, "code", chat_code_word(chat_code_wire(error->code)));
	cJSON_AddStringToObject(object, "message", error->text);
	if (error->nonce_json.len)
		add_raw(object, "nonce", error->nonce_json);
	if (error->field && *error->field)
		cJSON_AddStringToObject(object, "field", error->field);
	if (error->retry_after_ms)
		cJSON_AddNumberToObject(object, "retryAfter", (double)error->retry_after_ms);
	if (error->fatal)
		cJSON_AddTrueToObject(object, "fatal");
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	if (!text)
		abort();
	block = block_of_frame(CHAT_WS_TEXT, chat_span_of(text));
	cJSON_free(text);
	return block;
}
