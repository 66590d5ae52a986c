/* The values of an option that may be given more than once. */
#include "command/strings.h"

#include <stdlib.h>

#include "text/buf.h"

void
chat_strings_add(struct chat_strings *strings, const char *string)
{
	strings->at = chat_realloc(strings->at, (strings->count + 1) * sizeof(*strings->at));
	strings->at[strings->count++] = string;
}

void
chat_strings_free(struct chat_strings *strings)
{
	free(strings->at);
	*strings = (struct chat_strings){0};
}
