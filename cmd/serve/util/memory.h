#ifndef SERVE_UTIL_MEMORY_H
#define SERVE_UTIL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sets the allocator of the process and of its libraries (libuv, OpenSSL, cJSON). Where there is no
 * memory the process ends (chat_out_of_memory), also where a library asked for it: OpenSSL would
 * crash, cJSON would leave a part of a message out. To be called before the first use of a library.
 */
void memory_configure(void);

/* The state of memory_trim(). Zeroed it is that of a process that has held nothing. */
struct memory_peak {
	size_t bytes; /* the most that was held since the last trim */
	uint64_t next_ns; /* no trim before this time */
};

/*
 * Gives free pages back to the kernel when much was freed since the peak. `held` is how much memory
 * is held now. To be called from time to time; trims take at most a twentieth of the time.
 */
void memory_trim(struct memory_peak *peak, size_t held);

/* Returns the bytes that an allocation of this size takes: malloc(3) adds a word and rounds up. */
static inline size_t
memory_cost(size_t size)
{
	return (size + sizeof(size) + 15) / 16 * 16;
}

#endif
