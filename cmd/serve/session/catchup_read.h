#ifndef SERVE_SESSION_CATCHUP_READ_H
#define SERVE_SESSION_CATCHUP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/channel/channel.h"
#include "serve/frame/page_cache.h"

/*
 * Reads of the journal for catch-up: pages of a channel's past, and the newest messages of a
 * channel, if they are not in memory. A read runs on another thread and fills a page of the page
 * cache, for all members that wait for it. While it runs, the channel keeps more history in memory
 * than usual, so that the messages after the page are found there.
 */
struct catchup_reads {
	struct channels *channels;
	size_t page_max_bytes;
	uint32_t running; /* reads under way */
	struct catchup_tail *tails; /* utlist: channels for which reads ended lately */
	/* A read has ended and its page is ready. catchup.c hands it to the members that wait. */
	void (*on_page)(void *arg, struct page *page);
	void *arg;
};

#define CATCHUP_READS_MAX 2 /* of the four that libuv could run: the loop needs a core, too */

/* Returns the most bytes of messages that the next page may have. */
size_t catchup_page_bytes(const struct catchup_reads *reads);

/*
 * Begins to read the page of this key, or the newest messages of the channel. Returns the page,
 * which is not ready. Fewer than CATCHUP_READS_MAX reads must be running.
 */
struct page *catchup_read_page(
	struct catchup_reads *reads, struct channel *channel, const struct page_key *key);
struct page *catchup_read_newest(
	struct catchup_reads *reads, struct channel *channel, const struct page_key *key);

/* Ends a turn. Channels of reads that ended some turns ago keep their usual history again. */
void catchup_reads_end_turn(struct catchup_reads *reads);

/* Frees the tails. No read may be running. */
void catchup_reads_free(struct catchup_reads *reads);

#endif
