/* The allocator of the process and its libraries. Without memory, the process ends. */
#include "serve/util/memory.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdlib.h>
#include <uv.h>

#include "text/buf.h"
#include "wire/digest.h"

/* An allocation of at least this size is mapped, and unmapped when it is freed. */
#define MAPPED_BYTES (128 << 10)
/* If more free bytes are at the end of the heap, free(3) returns them to the kernel. */
#define TOP_BYTES (4 << 20)
/* memory_trim() trims the heap if the held memory is this much below its peak. */
#define TRIM_BYTES ((size_t)8 << 20)

void
memory_use_threads(size_t count)
{
	mallopt(M_ARENA_MAX, (int)count);
}

void
memory_configure(void)
{
	/* By default, both thresholds grow when a large allocation is freed. */
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	mallopt(M_TRIM_THRESHOLD, TOP_BYTES);
	memory_use_threads(1);
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = chat_alloc, .free_fn = free});
	/* OpenSSL refuses the allocator if it has allocated memory already. */
	if (uv_replace_allocator(chat_alloc, chat_realloc, chat_alloc_zeroed, free) != 0 ||
		chat_digest_need_memory() < 0)
		abort();
}

void
memory_trim(struct memory_peak *peak, size_t held)
{
	uint64_t now_ns = uv_hrtime();

	if (peak->bytes < held)
		peak->bytes = held;
	if (peak->bytes - held < TRIM_BYTES || now_ns < peak->next_ns)
		return;
	malloc_trim(0);
	peak->bytes = held;
	peak->next_ns = now_ns + 20 * (uv_hrtime() - now_ns);
}
