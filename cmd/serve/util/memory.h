#ifndef SERVE_UTIL_MEMORY_H
#define SERVE_UTIL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sets the allocator of the process and its libraries (libuv, OpenSSL, cJSON). If there is no
 * memory, the process ends (chat_out_of_memory), even in a library: otherwise OpenSSL could crash,
 * and cJSON could omit a part of a message. Must be called before the first use of a library.
 */
void memory_configure(void);

/* Lets this many threads allocate beside each other. By default all use the main heap. */
void memory_use_threads(size_t count);

/* The state of memory_trim(). Must be zeroed before the first call. */
struct memory_peak {
	size_t bytes; /* the highest `held` since the last trim */
	uint64_t next_ns; /* the time of the next trim at the earliest, see uv_hrtime() */
};

/*
 * Returns free pages to the kernel if much memory was freed since the peak. `held` is the memory in
 * use now, in bytes. Must be called from time to time. Trims need at most 5 % of the time.
 */
void memory_trim(struct memory_peak *peak, size_t held);

/* Returns about the memory for an allocation of this size: malloc(3) adds a word and rounds up. */
static inline size_t
memory_cost(size_t size)
{
	return (size + sizeof(size) + 15) / 16 * 16;
}

#endif
