/* Pages that are in somebody's queue, or may be wanted again soon. */
#include "serve/frame/page_cache.h"

#include <stdlib.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/frame/page.h"
#include "serve/util/memory.h"

#define BUDGET_PART 4 /* of the queues' bytes */
#define IDLE_PART 4 /* of the budget: what may be kept without being in a queue */
#define LEAST_BYTES ((size_t)4 << 10)
#define FEW 64 /* so many pages of the size at hand fit into what is left of the budget */
#define LOOKS 16 /* pages that are looked at to find one that can go */

void
pages_init(struct pages *pages, size_t queues_bytes)
{
	*pages = (struct pages){.budget_bytes = queues_bytes / BUDGET_PART};
}

static size_t
page_bytes(const struct page *page)
{
	return memory_cost(sizeof(*page)) + (page->block ? block_cost(page->block) : 0);
}

static void
page_free(struct pages *pages, struct page *page)
{
	HASH_DEL(pages->by_key, page);
	if (page->ready) {
		DL_DELETE(pages->oldest, page);
		pages->bytes -= page_bytes(page);
	}
	block_unref(page->block);
	free(page);
}

void
pages_free(struct pages *pages)
{
	struct page *page, *next;

	HASH_ITER(hh, pages->by_key, page, next)
	page_free(pages, page);
}

static void
page_touch(struct pages *pages, struct page *page)
{
	DL_DELETE(pages->oldest, page);
	DL_APPEND(pages->oldest, page);
	page->turn = pages->turn;
}

static bool
page_is_held(const struct page *page)
{
	return page->block && page->block->refs > 1;
}

/* Those that no queue holds go, the oldest first, until there is room for one of this size. */
static void
pages_trim(struct pages *pages, size_t bytes)
{
	size_t most = pages->budget_bytes / IDLE_PART;

	for (int i = 0; i < LOOKS && pages->oldest && pages->bytes + bytes > most; i++) {
		struct page *page = pages->oldest;

		if (page_is_held(page))
			page_touch(pages, page);
		else
			page_free(pages, page);
	}
}

struct page *
pages_find(struct pages *pages, const struct page_key *key)
{
	struct page *page = NULL;

	HASH_FIND(hh, pages->by_key, key, sizeof(*key), page);
	if (page && page->ready)
		page_touch(pages, page);
	return page;
}

void
pages_renew(struct pages *pages, const struct page_key *key)
{
	struct page *page = NULL;

	HASH_FIND(hh, pages->by_key, key, sizeof(*key), page);
	if (pages->fades && page && page->ready && pages->turn - page->filled > PAGES_FADE_TURNS)
		page_free(pages, page);
}

struct page *
pages_add(struct pages *pages, const struct page_key *key)
{
	struct page *page = chat_alloc_zeroed(1, sizeof(*page));

	page->key = *key;
	HASH_ADD(hh, pages->by_key, key, sizeof(page->key), page);
	return page;
}

void
pages_fill(struct pages *pages, struct page *page, struct block *block)
{
	page->block = block;
	page->ready = true;
	pages_trim(pages, page_bytes(page));
	page->turn = page->filled = pages->turn;
	DL_APPEND(pages->oldest, page);
	pages->bytes += page_bytes(page);
	pages->made++;
}

void
pages_sweep(struct pages *pages)
{
	pages->turn++;
	pages_trim(pages, 0);
	for (int i = 0; i < LOOKS && pages->oldest; i++) {
		struct page *page = pages->oldest;

		if (pages->turn - page->turn < PAGES_IDLE_TURNS)
			return;
		if (page_is_held(page))
			page_touch(pages, page);
		else
			page_free(pages, page);
	}
}

size_t
pages_next_bytes(const struct pages *pages)
{
	size_t left = pages->bytes < pages->budget_bytes ? pages->budget_bytes - pages->bytes : 0;
	size_t bytes = PAGE_BYTES;

	while (bytes > LEAST_BYTES && bytes > left / FEW)
		bytes /= 2;
	return bytes;
}
