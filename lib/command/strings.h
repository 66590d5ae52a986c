#ifndef CHAT_COMMAND_STRINGS_H
#define CHAT_COMMAND_STRINGS_H

#include <stddef.h>

/* A growing list of strings, which it does not own. A zeroed list is empty. */
struct chat_strings {
	const char **at;
	size_t count;
};

/* Appends a string, which must outlive the list. */
void chat_strings_add(struct chat_strings *strings, const char *string);

/* Frees the list, not the strings, and leaves it empty. */
void chat_strings_free(struct chat_strings *strings);

#endif
