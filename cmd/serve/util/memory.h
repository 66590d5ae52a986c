#ifndef SERVE_UTIL_MEMORY_H
#define SERVE_UTIL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where there is no memory the process ends (chat_out_of_memory), also where a library asked for
 * it: OpenSSL would crash, cJSON leave a part of a message out. Before the first use of any.
 */
void memory_share(void);

/* Zeroed it is one of a process that has held nothing. */
struct memory_peak {
	size_t bytes;
	uint64_t next_ns; /* earlier than that there is no time to give memory back */
};

/*
 * How much is held, from time to time: where much of it was let go since, the pages that are free
 * now go back to the kernel, however many small things lie between them. That takes no more than a
 * twentieth of the time.
 */
void memory_settle(struct memory_peak *peak, size_t held);

/* Bytes of memory that an allocation of this size takes: malloc(3) adds a word and rounds up. */
static inline size_t
memory_cost(size_t size)
{
	return (size + sizeof(size_t) + 15) / 16 * 16;
}

#endif
