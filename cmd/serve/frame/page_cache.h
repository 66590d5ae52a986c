#ifndef SERVE_FRAME_PAGE_CACHE_H
#define SERVE_FRAME_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "text/hash.h"

/*
 * The pages that new members are sent. Members that need the same page share one copy. A page that
 * no send queue holds is freed if the pages exceed their limit, or if it was not used for
 * PAGE_CACHE_IDLE_SWEEPS.
 */
enum page_kind {
	PAGE_CATCHUP, /* messages after `after`; more follow */
	PAGE_LAST, /* the last page: messages after `after`, up to `upto`, the newest message */
	PAGE_REPLAY, /* the newest messages up to `upto` */
	PAGE_USERS, /* a userData with the list of users after `upto` changes of that list */
	PAGE_NEWEST /* no page; ready when the newest messages were read from the journal */
};

struct page_key { /* compared by its bytes: it has no padding */
	uint64_t channel; /* channel->number */
	uint64_t after, upto; /* the numbers that enum page_kind names */
	uint32_t kind;
	uint32_t incomplete; /* 1: the page says that messages may be missing */
};

struct catchup_reader;

struct page {
	UT_hash_handle hh;
	struct page *next, *prev; /* in page_cache->oldest; valid if the page is ready */
	struct page_key key;
	struct block *block; /* one reference; NULL: the page is not ready, or it has no message */
	uint64_t end; /* the next page has the messages with higher numbers */
	bool ready; /* it was filled; end and complete are valid in PAGE_CATCHUP and PAGE_LAST */
	bool complete; /* no message is missing between `after` and `end` */
	uint32_t used,
		filled; /* page_cache->sweeps at the last use, and when the page was filled */
	struct catchup_reader *waiters; /* wait until the page is ready (session/catchup.c) */
};

struct page_cache {
	struct page *by_key; /* uthash */
	struct page *oldest; /* utlist of the ready pages, the least recently used first */
	size_t bytes; /* memory of all ready pages, with their blocks */
	size_t budget_bytes; /* for `bytes`; new pages become smaller when less of it is left */
	uint64_t made; /* how many pages were made since the start */
	uint32_t sweeps; /* how many times page_cache_sweep was called */
	/*
	 * With --journal-max-messages old messages are hidden from readers. Ready pages may contain
	 * them: page_cache_drop_stale has to free such pages.
	 */
	bool stale;
};

/*
 * Makes an empty cache. queues_bytes: the memory limit of all send queues; the budget of the cache
 * is a part of it.
 */
void page_cache_init(struct page_cache *page_cache, size_t queues_bytes);
void page_cache_free(struct page_cache *page_cache);

/*
 * Returns the page with this key, which may not be ready, or NULL if there is none. A ready page is
 * valid until the next call that may free pages (drop, drop_stale, fill, sweep). A page that is not
 * ready is valid until it is filled.
 */
struct page *page_cache_find(struct page_cache *page_cache, const struct page_key *key);

/*
 * Frees the page with this key if page_cache->stale is true and the page was filled more than
 * PAGE_CACHE_STALE_SWEEPS sweeps ago. To be called before the first page of a reader is looked up.
 */
void page_cache_drop_stale(struct page_cache *page_cache, const struct page_key *key);
#define PAGE_CACHE_STALE_SWEEPS 5

/* Frees a ready page. */
void page_cache_drop(struct page_cache *page_cache, struct page *page);

/* Adds a page that is not ready, and returns it. There must be no page with this key. */
struct page *page_cache_add(struct page_cache *page_cache, const struct page_key *key);

/*
 * Makes a page ready. Takes over the caller's reference to the block, which may be NULL. May free
 * other pages.
 */
void page_cache_fill(struct page_cache *page_cache, struct page *page, struct block *block);

/*
 * Frees pages that no send queue holds and that were not used for PAGE_CACHE_IDLE_SWEEPS sweeps. To
 * be called several times a second.
 */
void page_cache_sweep(struct page_cache *page_cache);
#define PAGE_CACHE_IDLE_SWEEPS 50

/*
 * Returns the limit of the texts in the next page (page_plan_begin). The limit becomes smaller when
 * less of the budget is left.
 */
size_t page_cache_next_bytes(const struct page_cache *page_cache);

#endif
