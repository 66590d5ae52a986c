/* Pages that many are sent: made once, all counted, gone when nobody holds them. */
#include "serve/frame/page_cache.h"

#include <stdlib.h>

#include "serve/frame/page.h"
#include "tap.h"

#define QUEUES ((size_t)64 << 20)
#define BUDGET (QUEUES / 4)

static struct page_key
key_of(uint64_t after)
{
	return (struct page_key){.room = 1, .after = after, .kind = PAGE_PAST};
}

static struct page *
add(struct pages *pages, uint64_t after, size_t bytes)
{
	struct page_key key = key_of(after);
	struct page *page = pages_add(pages, &key);
	struct block *block = block_new(bytes);

	block->len = (uint32_t)bytes;
	pages_fill(pages, page, block);
	return page;
}

static struct page *
find(struct pages *pages, uint64_t after)
{
	struct page_key key = key_of(after);

	return pages_find(pages, &key);
}

static void
test_find(void)
{
	struct pages pages;
	struct page_key key = key_of(7);
	struct page *page;

	pages_init(&pages, QUEUES);
	ok(!find(&pages, 7), "there is none");
	page = pages_add(&pages, &key);
	ok(find(&pages, 7) == page && !page->ready, "one that is not ready is found");
	pages_fill(&pages, page, NULL);
	ok(find(&pages, 7)->ready && !find(&pages, 7)->block, "one without a message, too");
	key.incomplete = 1;
	ok(!pages_find(&pages, &key), "what it says of itself counts");
	key = key_of(7);
	key.room = 2;
	ok(!pages_find(&pages, &key), "and whose it is");
	pages_free(&pages);
}

/* So many that nobody's queue has: the newest are kept, and no more than a part of the budget. */
static void
test_trim(void)
{
	struct pages pages;

	pages_init(&pages, QUEUES);
	for (uint64_t after = 0; after < 1000; after++)
		add(&pages, after, 100000);
	ok(pages.bytes > BUDGET / 5 && pages.bytes <= BUDGET / 4, "%zu bytes are kept",
		pages.bytes);
	ok(find(&pages, 999) && find(&pages, 965) && !find(&pages, 900), "the newest of them");
	find(&pages, 965);
	for (uint64_t after = 1000; after < 1030; after++)
		add(&pages, after, 100000);
	ok(find(&pages, 965) && !find(&pages, 966), "what was used stays longer");
	pages_free(&pages);
	is_int(pages.bytes, 0, "not a byte is left");
}

/* What queues hold is counted, whatever that is, and makes the next pages smaller. */
static void
test_held(void)
{
	struct pages pages;
	struct block *held[200];
	size_t before = PAGE_BYTES, next;
	bool falls = true;
	uint64_t count = 0;

	pages_init(&pages, QUEUES);
	is_int(pages_next_bytes(&pages), PAGE_BYTES, "a page is as large as pages are");
	for (; count < 200; count++) {
		held[count] = block_ref(add(&pages, count, 100000)->block);
		next = pages_next_bytes(&pages);
		falls = falls && next <= before;
		before = next;
	}
	ok(pages.bytes > 200 * 100000, "%zu bytes are held", pages.bytes);
	ok(falls && before == 4096, "the next one has %zu bytes", before);
	for (uint64_t i = 0; i < count; i++)
		block_unref(held[i]);
	for (int i = 0; i < 20; i++)
		pages_sweep(&pages);
	ok(pages.bytes <= BUDGET / 4, "%zu bytes when the queues are empty", pages.bytes);
	ok(pages_next_bytes(&pages) >= PAGE_BYTES / 2, "and pages are large again");
	pages_free(&pages);
}

static void
test_sweep(void)
{
	struct pages pages;
	struct block *held;

	pages_init(&pages, QUEUES);
	for (uint64_t after = 0; after < 20; after++)
		add(&pages, after, 1000);
	held = block_ref(find(&pages, 3)->block);
	for (int i = 0; i < PAGES_IDLE_TURNS - 1; i++)
		pages_sweep(&pages);
	ok(find(&pages, 5) != NULL, "for a while they stay");
	for (int i = 0; i < PAGES_IDLE_TURNS - 1; i++)
		pages_sweep(&pages);
	ok(find(&pages, 5) && find(&pages, 3) && !find(&pages, 4),
		"then what was used, or is held");
	for (int i = 0; i < 3 * PAGES_IDLE_TURNS; i++)
		pages_sweep(&pages);
	ok(!find(&pages, 5) && find(&pages, 3), "then what is held");
	block_unref(held);
	for (int i = 0; i < 3 * PAGES_IDLE_TURNS; i++)
		pages_sweep(&pages);
	is_int(pages.bytes, 0, "and nothing");
	pages_free(&pages);
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
