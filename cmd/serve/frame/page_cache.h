#ifndef SERVE_FRAME_PAGE_CACHE_H
#define SERVE_FRAME_PAGE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "text/hash.h"

/*
 * The frames that newcomers are sent and that are the same for all of them who stand at the same
 * place: each is made once, and all that are in memory are counted. What nobody's queue holds any
 * more goes when there is no room for it. The past does not change, but where messages of it are
 * not given any more after a while (fades).
 */
enum page_kind {
	PAGE_CATCHUP, /* what follows `after`, and more follows it */
	PAGE_LAST, /* what follows `after` up to `upto`, and nothing follows it */
	PAGE_REPLAY, /* the newest messages up to `upto` */
	PAGE_USERS, /* who is there; `upto`: after so many changes */
	PAGE_RECALL /* none: it is ready when the channel remembers its newest messages again */
};

struct page_key { /* compared by its bytes: it has no holes */
	uint64_t channel; /* its number */
	uint64_t after, upto;
	uint32_t kind;
	uint32_t incomplete; /* says so */
};

struct catchup_reader;

struct page {
	UT_hash_handle hh;
	struct page *next, *prev; /* the ready ones, as they were used */
	struct page_key key;
	struct block *block; /* one reference; NULL: not ready, or there is no message */
	uint64_t end; /* number of its last message; the next page follows that */
	bool ready;
	bool complete; /* nothing is missing between `after` and `end` */
	uint32_t turn, filled; /* when it was used last, when it got ready */
	struct catchup_reader *waiters; /* for it to be ready; catchup.c's */
};

struct page_cache {
	struct page *by_key;
	struct page *oldest; /* utlist */
	size_t bytes; /* of all there are, each once, whoever holds them */
	size_t budget_bytes; /* above half of it pages get smaller */
	uint64_t made; /* ever */
	uint32_t turn; /* of page_cache_sweep */
	bool fades; /* a page may hold what would not be in it any more */
};

/* queues_bytes: what all queues together may hold, of which pages take a part. */
void page_cache_init(struct page_cache *page_cache, size_t queues_bytes);
void page_cache_free(struct page_cache *page_cache);

/* NULL: it is not there. Valid until page_cache_fill, or, not ready, until that is done for it. */
struct page *page_cache_find(struct page_cache *page_cache, const struct page_key *key);

/* Somebody begins with this page: where it fades, it is made again after so many turns. */
void page_cache_renew(struct page_cache *page_cache, const struct page_key *key);
#define PAGE_CACHE_FADE_TURNS 5

/* A new one, not ready. */
struct page *page_cache_add(struct page_cache *page_cache, const struct page_key *key);

/* Makes it ready; takes over the reference, of a block or NULL. */
void page_cache_fill(struct page_cache *page_cache, struct page *page, struct block *block);

/* To be called now and then: what nobody has wanted for PAGE_CACHE_IDLE_TURNS of this goes. */
void page_cache_sweep(struct page_cache *page_cache);
#define PAGE_CACHE_IDLE_TURNS 50

/* How large the next page is to be (page_plan_begin): less, the more of them wait in queues. */
size_t page_cache_next_bytes(const struct page_cache *page_cache);

#endif
