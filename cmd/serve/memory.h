#ifndef SERVE_MEMORY_H
#define SERVE_MEMORY_H

#include <stddef.h>

/*
 * Where there is no memory the process ends (chat_out_of_memory), also where a library asked for
 * it: OpenSSL would crash, cJSON leave a part of a message out. Before the first use of any.
 */
void memory_share(void);

/* Bytes of memory that an allocation of this size takes: malloc(3) adds a word and rounds up. */
static inline size_t
memory_cost(size_t size)
{
	return (size + sizeof(size_t) + 15) / 16 * 16;
}

#endif
