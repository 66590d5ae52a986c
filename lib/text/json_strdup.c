/* Strings of JSON for the commands, which end without memory; programs of others use msg.h. */
#include "text/json_strdup.h"

#include "text/buf.h"

char *
chat_json_strdup(const struct chat_json_value *string)
{
	char *text = chat_alloc(string->raw.len);

	text[chat_json_unescape(string, text, string->raw.len)] = '\0';
	return text;
}
