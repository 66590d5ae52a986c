/* A connection's queue. Order is the order of out_append, whoever the bytes are from. */
#include "serve/out.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

static bool
run_extend(struct run *run, struct block *block, uint32_t from, uint32_t to)
{
	if (run->block != block || run->to != from)
		return false;
	run->to = to;
	return true;
}

static struct run *
more_slot(struct out *out)
{
	if (out->more_to == out->more_cap && out->more_from > 0) {
		out->more_to -= out->more_from;
		memmove(out->more, out->more + out->more_from, out->more_to * sizeof(*out->more));
		out->more_from = 0;
	} else if (out->more_to == out->more_cap) {
		out->more_cap = out->more_cap ? 2 * out->more_cap : 4;
		out->more = chat_realloc(out->more, out->more_cap * sizeof(*out->more));
	}
	return &out->more[out->more_to++];
}

void
out_append(struct out *out, struct block *block, uint32_t from, uint32_t to)
{
	struct run *last = &out->first;

	out->bytes += to - from;
	if (out->more_to > out->more_from)
		last = &out->more[out->more_to - 1];
	if (run_extend(last, block, from, to))
		return;
	if (!out_is_empty(out))
		last = more_slot(out);
	*last = (struct run){block_ref(block), from, to};
}

int
out_pieces(const struct out *out, struct iovec *pieces, int max)
{
	int count = 0;

	if (out_is_empty(out))
		return 0;
	pieces[count].iov_base = out->first.block->bytes + out->first.from + out->sent;
	pieces[count++].iov_len = out->first.to - out->first.from - out->sent;
	for (uint32_t i = out->more_from; i < out->more_to && count < max; i++, count++) {
		pieces[count].iov_base = out->more[i].block->bytes + out->more[i].from;
		pieces[count].iov_len = out->more[i].to - out->more[i].from;
	}
	return count;
}

/* The first run is done with; the next takes its place. */
static void
out_shift(struct out *out)
{
	block_unref(out->first.block);
	out->sent = 0;
	if (out->more_from < out->more_to)
		out->first = out->more[out->more_from++];
	else
		out->first.block = NULL;
	if (out->more_from == out->more_to) {
		free(out->more);
		out->more = NULL;
		out->more_from = out->more_to = out->more_cap = 0;
	}
}

void
out_sent(struct out *out, size_t bytes)
{
	out->bytes -= bytes;
	while (bytes) {
		size_t left = out->first.to - out->first.from - out->sent;

		if (bytes < left) {
			out->sent += (uint32_t)bytes;
			return;
		}
		bytes -= left;
		out_shift(out);
	}
}

void
out_cut(struct out *out, size_t bound)
{
	uint32_t edge = out->first.from;

	if (out_is_empty(out))
		return;
	while (edge < out->first.from + out->sent + bound)
		edge += (uint32_t)block_frame_size(out->first.block->bytes + edge);
	while (out->more_from < out->more_to)
		block_unref(out->more[out->more_from++].block);
	out->first.to = edge;
	out->bytes = edge - out->first.from - out->sent;
	if (out->bytes == 0)
		out_shift(out);
}

void
out_free(struct out *out)
{
	while (!out_is_empty(out))
		out_shift(out);
	out->bytes = 0;
}
