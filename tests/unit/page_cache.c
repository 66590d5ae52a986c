/* The cache of pages: each is made once, all are counted, and unused ones are freed. */
#include "serve/frame/page_cache.h"

#include <stdlib.h>

#include "serve/frame/page.h"
#include "tap.h"

#define QUEUES ((size_t)64 << 20)
#define BUDGET (QUEUES / 4)

static struct page_key
key_of(uint64_t after)
{
	return (struct page_key){.channel = 1, .after = after, .kind = PAGE_CATCHUP};
}

static struct page *
add(struct page_cache *page_cache, uint64_t after, size_t bytes)
{
	struct page_key key = key_of(after);
	struct page *page = page_cache_add(page_cache, &key);
	struct block *block = block_new(bytes);

	block->len = (uint32_t)bytes;
	page_cache_fill(page_cache, page, block);
	return page;
}

static struct page *
find(struct page_cache *page_cache, uint64_t after)
{
	struct page_key key = key_of(after);

	return page_cache_find(page_cache, &key);
}

static void
test_find(void)
{
	struct page_cache page_cache;
	struct page_key key = key_of(7);
	struct page *page;

	page_cache_init(&page_cache, QUEUES);
	ok(!find(&page_cache, 7), "a page is not there at first");
	page = page_cache_add(&page_cache, &key);
	ok(find(&page_cache, 7) == page && !page->ready, "one that is not ready is found");
	page_cache_fill(&page_cache, page, NULL);
	ok(find(&page_cache, 7)->ready && !find(&page_cache, 7)->block,
		"so is one without a message");
	key.incomplete = 1;
	ok(!page_cache_find(&page_cache, &key), "one that is incomplete is another page");
	key = key_of(7);
	key.channel = 2;
	ok(!page_cache_find(&page_cache, &key), "and so is one of another channel");
	page_cache_free(&page_cache);
}

/* Of pages that are in no queue the newest are kept, in a part of the budget. */
static void
test_trim(void)
{
	struct page_cache page_cache;

	page_cache_init(&page_cache, QUEUES);
	for (uint64_t after = 0; after < 1000; after++)
		add(&page_cache, after, 100000);
	ok(page_cache.bytes > BUDGET / 5 && page_cache.bytes <= BUDGET / 4, "%zu bytes are kept",
		page_cache.bytes);
	ok(find(&page_cache, 999) && find(&page_cache, 965) && !find(&page_cache, 900),
		"the newest of them");
	find(&page_cache, 965);
	for (uint64_t after = 1000; after < 1030; after++)
		add(&page_cache, after, 100000);
	ok(find(&page_cache, 965) && !find(&page_cache, 966), "one that was used stays longer");
	page_cache_free(&page_cache);
	is_int(page_cache.bytes, 0, "no byte is left");
}

/* Pages in queues are counted, also above the budget, and make the next pages smaller. */
static void
test_held(void)
{
	struct page_cache page_cache;
	struct block *held[200];
	size_t before = PAGE_BYTES, next;
	bool falls = true;
	uint64_t count = 0;

	page_cache_init(&page_cache, QUEUES);
	is_int(page_cache_next_bytes(&page_cache), PAGE_BYTES, "a page has its full size at first");
	for (; count < 200; count++) {
		held[count] = block_ref(add(&page_cache, count, 100000)->block);
		next = page_cache_next_bytes(&page_cache);
		falls = falls && next <= before;
		before = next;
	}
	ok(page_cache.bytes > 200 * 100000, "%zu bytes are held", page_cache.bytes);
	ok(falls && before == 4096, "the next one has %zu bytes", before);
	for (uint64_t i = 0; i < count; i++)
		block_unref(held[i]);
	for (int i = 0; i < 20; i++)
		page_cache_sweep(&page_cache);
	ok(page_cache.bytes <= BUDGET / 4, "%zu bytes when the queues are empty", page_cache.bytes);
	ok(page_cache_next_bytes(&page_cache) >= PAGE_BYTES / 2, "and pages are large again");
	page_cache_free(&page_cache);
}

static void
test_sweep(void)
{
	struct page_cache page_cache;
	struct block *held;

	page_cache_init(&page_cache, QUEUES);
	for (uint64_t after = 0; after < 20; after++)
		add(&page_cache, after, 1000);
	held = block_ref(find(&page_cache, 3)->block);
	for (int i = 0; i < PAGE_CACHE_IDLE_SWEEPS - 1; i++)
		page_cache_sweep(&page_cache);
	ok(find(&page_cache, 5) != NULL, "they stay for a while");
	for (int i = 0; i < PAGE_CACHE_IDLE_SWEEPS - 1; i++)
		page_cache_sweep(&page_cache);
	ok(find(&page_cache, 5) && find(&page_cache, 3) && !find(&page_cache, 4),
		"then those that were used or are in a queue");
	for (int i = 0; i < 3 * PAGE_CACHE_IDLE_SWEEPS; i++)
		page_cache_sweep(&page_cache);
	ok(!find(&page_cache, 5) && find(&page_cache, 3), "then the one in a queue");
	block_unref(held);
	for (int i = 0; i < 3 * PAGE_CACHE_IDLE_SWEEPS; i++)
		page_cache_sweep(&page_cache);
	is_int(page_cache.bytes, 0, "then none");
	page_cache_free(&page_cache);
}

int
main(void)
{
	test_find();
	test_trim();
	test_held();
	test_sweep();
	return done();
}
