/* Recognises common mistakes by the first and the last character of a line. */
#include "message/hint.h"

#include <stddef.h>
#include <string.h>

#include "text/span.h"

const char *
chat_hint(struct chat_span line)
{
	line = chat_span_strip(line);
	if (line.len > 0 && memchr("{[", *line.at, 2) && memchr("{[,", line.at[line.len - 1], 3))
		return "JSON over several lines; jq -c makes it one message a line";
	if (line.len > 0 && *line.at == '[')
		return "an array; jq -c '.[]' makes it one message a line";
	return NULL;
}
