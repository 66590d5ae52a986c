#ifndef SERVE_FRAME_PAGE_CACHE_H
#define SERVE_FRAME_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "text/hash.h"

/*
 * The pages that new members are sent. Members that are at the same place get the same page, which
 * is made once. All pages in memory are counted. A page that no queue of a connection holds is
 * freed when there is no room for it, or when it was not used for a while.
 */
enum page_kind {
	PAGE_CATCHUP, /* messages after `after`; more follow */
	PAGE_LAST, /* messages after `after` and up to `upto`, which is the newest one */
	PAGE_REPLAY, /* the newest messages up to `upto` */
	PAGE_USERS, /* the list of users, after `upto` changes of it */
	PAGE_NEWEST /* no page: ready when the channel has read its newest messages again */
};

struct page_key { /* compared by its bytes: it has no padding */
	uint64_t channel; /* channel->number */
	uint64_t after, upto; /* numbers of messages, as the kind says; 0: not used */
	uint32_t kind;
	uint32_t incomplete; /* 1: the page says that messages are missing */
};

struct catchup_reader;

struct page {
	UT_hash_handle hh;
	struct page *next, *prev; /* in page_cache->oldest, once it is ready */
	struct page_key key;
	struct block *block; /* one reference; NULL: the page is not ready, or has no message */
	uint64_t end; /* number of its last message; the next page follows that */
	bool ready; /* it was filled: block, end and complete are valid */
	bool complete; /* no message is missing between `after` and `end` */
	uint32_t used,
		filled; /* page_cache->sweeps when it was used last, and when it was filled */
	struct catchup_reader *waiters; /* for it to be ready; only session/catchup.c uses this */
};

struct page_cache {
	struct page *by_key; /* uthash */
	struct page *oldest; /* utlist: the ready pages, the one that was used last at the end */
	size_t bytes; /* of memory of all ready pages, each once */
	size_t budget_bytes; /* for those; the more of it is used, the smaller are new pages */
	uint64_t made; /* pages, ever */
	uint32_t sweeps; /* how many page_cache_sweep there were */
	/* Channels hide old messages (--journal-max-messages), which pages may still hold. */
	bool stale;
};

/* Makes an empty cache. queues_bytes: what all queues may hold, a part of which pages may take. */
void page_cache_init(struct page_cache *page_cache, size_t queues_bytes);
void page_cache_free(struct page_cache *page_cache);

/*
 * Returns the page of this key, which may not be ready, or NULL if there is none. It is valid until
 * the next page_cache_fill; if it is not ready, until it was filled.
 */
struct page *page_cache_find(struct page_cache *page_cache, const struct page_key *key);

/*
 * Frees the page of this key if it was filled more than PAGE_CACHE_STALE_SWEEPS ago, and pages can
 * be stale. To be called before the first page of a reader.
 */
void page_cache_drop_stale(struct page_cache *page_cache, const struct page_key *key);
#define PAGE_CACHE_STALE_SWEEPS 5

/* Returns a new page, which is not ready. There is none of this key. */
struct page *page_cache_add(struct page_cache *page_cache, const struct page_key *key);

/*
 * Makes a page ready. Takes over the reference to the block, which may be NULL. Other pages may be
 * freed for it.
 */
void page_cache_fill(struct page_cache *page_cache, struct page *page, struct block *block);

/* Frees pages that were not used for PAGE_CACHE_IDLE_SWEEPS. To be called several times a second.
 */
void page_cache_sweep(struct page_cache *page_cache);
#define PAGE_CACHE_IDLE_SWEEPS 50

/*
 * Returns how many bytes of messages the next page should have (page_plan_begin). The more bytes of
 * pages are in memory, the fewer.
 */
size_t page_cache_next_bytes(const struct page_cache *page_cache);

#endif
