/* One rule for all who take memory. */
#include "serve/util/memory.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <uv.h>

#include "chat/buf.h"

static void *
crypto_alloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return chat_alloc(size);
}

static void *
crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size)
		return chat_realloc(old, size);
	free(old);
	return NULL;
}

static void
crypto_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

#define MAPPED_BYTES \
	(128 << 10) /* an allocation so large goes back to the kernel when it is freed */
#define TOP_BYTES (4 << 20) /* and so much at the end of the heap */
#define SETTLE_BYTES \
	((size_t)8 << 20) /* that are let go, for which the whole heap is looked at \
			   */

void
memory_share(void)
{
	/* Set, they stay: by default both grow with the largest allocation that was ever freed. */
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	mallopt(M_TRIM_THRESHOLD, TOP_BYTES);
	mallopt(M_ARENA_MAX, 1); /* the other threads have nothing to keep for themselves */
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = chat_alloc, .free_fn = free});
	/* Neither is refused before the library has taken any memory. */
	if (uv_replace_allocator(chat_alloc, chat_realloc, chat_alloc_zeroed, free) != 0 ||
		CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc, crypto_free) != 1)
		abort();
}

void
memory_settle(struct memory_peak *peak, size_t held)
{
	uint64_t now_ns = uv_hrtime();

	if (peak->bytes < held)
		peak->bytes = held;
	if (peak->bytes - held < SETTLE_BYTES || now_ns < peak->next_ns)
		return;
	malloc_trim(0);
	peak->bytes = held;
	peak->next_ns = now_ns + 20 * (uv_hrtime() - now_ns);
}
