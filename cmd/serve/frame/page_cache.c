/* Keeps the pages that are in send queues, or may be used again soon. */
#include "serve/frame/page_cache.h"

#include <stdlib.h>
#include <utlist.h>

#include "serve/frame/page.h"
#include "serve/util/memory.h"
#include "text/buf.h"

#define BUDGET_PART 4 /* the budget of pages is a fourth of the limit of all send queues */
#define IDLE_PART 4 /* unused pages are freed if all pages exceed a fourth of the budget */
#define LEAST_BYTES ((size_t)4 << 10) /* the least limit of a page, if the budget is used up */
#define LEFT_PAGES 64 /* the rest of the budget should have room for this many new pages */
#define LOOKS 16 /* how many pages one call examines at most */

void
page_cache_init(struct page_cache *page_cache, size_t queues_bytes)
{
	*page_cache = (struct page_cache){.budget_bytes = queues_bytes / BUDGET_PART};
}

static size_t
page_bytes(const struct page *page)
{
	return memory_cost(sizeof(*page)) + (page->block ? block_cost(page->block) : 0);
}

static void
page_free(struct page_cache *page_cache, struct page *page)
{
	HASH_DEL(page_cache->by_key, page);
	if (page->ready) {
		DL_DELETE(page_cache->oldest, page);
		page_cache->bytes -= page_bytes(page);
	}
	block_unref(page->block);
	free(page);
}

void
page_cache_free(struct page_cache *page_cache)
{
	struct page *page, *next;

	HASH_ITER(hh, page_cache->by_key, page, next)
	page_free(page_cache, page);
}

static void
page_touch(struct page_cache *page_cache, struct page *page)
{
	DL_DELETE(page_cache->oldest, page);
	DL_APPEND(page_cache->oldest, page);
	page->used = page_cache->sweeps;
}

/* Returns true if a send queue has a reference to its block. */
static bool
page_is_held(const struct page *page)
{
	return page->block && page->block->refs > 1;
}

/*
 * Frees pages that no send queue holds, the least recently used first, until this many more bytes
 * fit. Examines at most LOOKS pages.
 */
static void
page_cache_trim(struct page_cache *page_cache, size_t bytes)
{
	size_t most = page_cache->budget_bytes / IDLE_PART;

	for (int i = 0; i < LOOKS && page_cache->oldest && page_cache->bytes + bytes > most; i++) {
		struct page *page = page_cache->oldest;

		if (page_is_held(page))
			page_touch(page_cache, page);
		else
			page_free(page_cache, page);
	}
}

struct page *
page_cache_find(struct page_cache *page_cache, const struct page_key *key)
{
	struct page *page = NULL;

	HASH_FIND(hh, page_cache->by_key, key, sizeof(*key), page);
	if (page && page->ready)
		page_touch(page_cache, page);
	return page;
}

void
page_cache_drop_stale(struct page_cache *page_cache, const struct page_key *key)
{
	struct page *page = NULL;

	HASH_FIND(hh, page_cache->by_key, key, sizeof(*key), page);
	if (page_cache->stale && page && page->ready &&
		page_cache->sweeps - page->filled > PAGE_CACHE_STALE_SWEEPS)
		page_free(page_cache, page);
}

void
page_cache_drop(struct page_cache *page_cache, struct page *page)
{
	page_free(page_cache, page);
}

struct page *
page_cache_add(struct page_cache *page_cache, const struct page_key *key)
{
	struct page *page = chat_alloc_zeroed(1, sizeof(*page));

	page->key = *key;
	HASH_ADD(hh, page_cache->by_key, key, sizeof(page->key), page);
	return page;
}

void
page_cache_fill(struct page_cache *page_cache, struct page *page, struct block *block)
{
	page->block = block;
	page->ready = true;
	page_cache_trim(page_cache, page_bytes(page));
	page->used = page->filled = page_cache->sweeps;
	DL_APPEND(page_cache->oldest, page);
	page_cache->bytes += page_bytes(page);
	page_cache->made++;
}

void
page_cache_sweep(struct page_cache *page_cache)
{
	page_cache->sweeps++;
	page_cache_trim(page_cache, 0);
	for (int i = 0; i < LOOKS && page_cache->oldest; i++) {
		struct page *page = page_cache->oldest;

		if (page_cache->sweeps - page->used < PAGE_CACHE_IDLE_SWEEPS)
			return;
		if (page_is_held(page))
			page_touch(page_cache, page);
		else
			page_free(page_cache, page);
	}
}

size_t
page_cache_next_bytes(const struct page_cache *page_cache)
{
	size_t left = page_cache->bytes < page_cache->budget_bytes
		? page_cache->budget_bytes - page_cache->bytes
		: 0;
	size_t bytes = PAGE_BYTES;

	while (bytes > LEAST_BYTES && bytes > left / LEFT_PAGES)
		bytes /= 2;
	return bytes;
}
