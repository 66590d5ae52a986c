#ifndef SERVE_OUT_H
#define SERVE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "serve/block.h"

/*
 * What a connection has still to send: runs of frames in blocks, in order. Zeroed it is empty. One
 * run, the usual case of a member that keeps up, is held without an allocation; runs that lie next
 * to each other in a block become one.
 */
struct run {
	struct block *block; /* one reference */
	uint32_t from, to; /* bytes; both on frame edges */
};

struct out {
	struct run first; /* block NULL: empty */
	struct run *more; /* the runs behind it */
	uint32_t more_from, more_to, more_cap;
	uint32_t sent; /* bytes of the first run already sent */
	size_t bytes; /* to be sent in all */
};

void out_free(struct out *out); /* leaves it empty */

/* Takes a reference of its own. from < to. */
void out_append(struct out *out, struct block *block, uint32_t from, uint32_t to);

static inline bool
out_is_empty(const struct out *out)
{
	return out->first.block == NULL;
}

/* One run is all there is. */
static inline bool
out_is_one_run(const struct out *out)
{
	return out->first.block != NULL && out->more_from == out->more_to;
}

/* The next bytes as pieces for writev(2); returns how many, at most max. */
int out_pieces(const struct out *out, struct iovec *pieces, int max);

/* That many bytes were sent. */
void out_sent(struct out *out, size_t bytes);

/*
 * Drops all that can be dropped: everything behind the frame that is partly sent, or that is to be
 * because so many of the next bytes, all of the first run, are on their way already.
 */
void out_cut(struct out *out, size_t bound);

#endif
