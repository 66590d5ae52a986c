/* A connection's queue. Order is the order of out_append, whoever the bytes are from. */
#include "serve/net/send_queue.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"

#define OWN_LEAST \
	128 /* bytes of a block for frames of one queue alone; each is twice the last, \
	     */
#define OWN_MOST 4096 /* up to that */
#define CONTROL_MAX 127 /* bytes of a server's control frame */
#define COMPACT_LEAST 4096 /* bytes of a block that may be left for a smaller one */

/* ---- blocks and runs ---- */

static void
hold(size_t *held, struct block *block)
{
	block_ref(block);
	if (block->queued++ == 0)
		*held += block_cost(block);
}

static void
let_go(size_t *held, struct block *block)
{
	if (--block->queued == 0)
		*held -= block_cost(block);
	block_unref(block);
}

static struct run *
last_run(struct out *out)
{
	return out->more_to > out->more_from ? &out->more[out->more_to - 1] : &out->first;
}

static struct run *
more_slot(struct out *out, size_t *held)
{
	if (out->more_to == out->more_cap && out->more_from > 0) {
		out->more_to -= out->more_from;
		memmove(out->more, out->more + out->more_from, out->more_to * sizeof(*out->more));
		out->more_from = 0;
	} else if (out->more_to == out->more_cap) {
		*held -= out->more_cap * sizeof(*out->more);
		out->more_cap = out->more_cap ? 2 * out->more_cap : 4;
		out->more = chat_realloc(out->more, out->more_cap * sizeof(*out->more));
		*held += out->more_cap * sizeof(*out->more);
	}
	return &out->more[out->more_to++];
}

/* There is no run behind the first. */
static void
more_free(struct out *out, size_t *held)
{
	*held -= out->more_cap * sizeof(*out->more);
	free(out->more);
	out->more = NULL;
	out->more_from = out->more_to = out->more_cap = 0;
}

static bool
run_extend(struct run *run, struct block *block, uint32_t from, uint32_t to)
{
	if (run->block != block || run->to != from)
		return false;
	run->to = to;
	return true;
}

/* ---- appending ---- */

void
out_append(struct out *out, size_t *held, struct block *block, uint32_t from, uint32_t to)
{
	struct run *last = last_run(out);

	out->bytes += to - from;
	if (run_extend(last, block, from, to))
		return;
	if (!out_is_empty(out))
		last = more_slot(out, held);
	hold(held, block);
	*last = (struct run){block, from, to};
}

static void
out_append_own(struct out *out, size_t *held, struct block *block)
{
	out_append(out, held, block, 0, block->len);
	block_unref(block);
}

/* The last run's block, where nobody else has it. */
static struct block *
own_block(struct out *out)
{
	const struct run *last = last_run(out);

	return last->block && last->block->refs == 1 && last->to == last->block->len ? last->block
										     : NULL;
}

void
out_append_frame(
	struct out *out, size_t *held, enum chat_ws_opcode opcode, struct chat_span payload)
{
	struct block *own = own_block(out);
	size_t need = payload.len + CHAT_WS_HEADER_MAX, cap = OWN_LEAST;
	uint32_t from;

	if (own && need <= own->cap - own->len) {
		from = own->len;
		block_append_frame(own, opcode, payload);
		last_run(out)->to = own->len;
		out->bytes += own->len - from;
		return;
	}
	if (own)
		cap = own->cap < OWN_MOST / 2 ? 2 * own->cap : OWN_MOST;
	if (cap < need)
		cap = need;
	out_append_own(out, held, block_append_frame(block_new(cap), opcode, payload));
}

/* Whether the last run is one frame of this kind that out_append_newest made and nobody sends. */
static bool
last_is_needless(struct out *out, size_t bound, enum chat_ws_opcode opcode)
{
	const struct run *last = last_run(out);
	const struct block *own = own_block(out);

	return own && own->cap == CONTROL_MAX && last->from == 0 &&
		((unsigned char)own->bytes[0] & 0xf) == opcode &&
		block_frame_size(own->bytes) == own->len &&
		(last != &out->first || out->sent + bound == 0);
}

void
out_append_newest(struct out *out, size_t *held, size_t bound, enum chat_ws_opcode opcode,
	struct chat_span payload)
{
	struct block *block;

	if (!last_is_needless(out, bound, opcode)) {
		block = block_append_frame(block_new(CONTROL_MAX), opcode, payload);
		out_append_own(out, held, block);
		return;
	}
	block = last_run(out)->block;
	out->bytes -= block->len;
	block->len = 0;
	block_append_frame(block, opcode, payload);
	last_run(out)->to = block->len;
	out->bytes += block->len;
}

/* ---- sending ---- */

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
out_shift(struct out *out, size_t *held)
{
	let_go(held, out->first.block);
	out->sent = 0;
	if (out->more_from < out->more_to)
		out->first = out->more[out->more_from++];
	else
		out->first.block = NULL;
	if (out->more_from == out->more_to)
		more_free(out, held);
}

void
out_sent(struct out *out, size_t *held, size_t bytes)
{
	out->bytes -= bytes;
	while (bytes) {
		size_t left = out->first.to - out->first.from - out->sent;

		if (bytes < left) {
			out->sent += (uint32_t)bytes;
			return;
		}
		bytes -= left;
		out_shift(out, held);
	}
}

void
out_cut(struct out *out, size_t *held, size_t bound)
{
	uint32_t edge = out->first.from;

	if (out_is_empty(out))
		return;
	while (edge < out->first.from + out->sent + bound)
		edge += (uint32_t)block_frame_size(out->first.block->bytes + edge);
	while (out->more_from < out->more_to)
		let_go(held, out->more[out->more_from++].block);
	more_free(out, held);
	out->first.to = edge;
	out->bytes = edge - out->first.from - out->sent;
	if (out->bytes == 0)
		out_shift(out, held);
}

void
out_free(struct out *out, size_t *held)
{
	while (!out_is_empty(out))
		out_shift(out, held);
	out->bytes = 0;
}

/* ---- memory ---- */

size_t
out_share(const struct out *out)
{
	size_t share = out->more_cap * sizeof(*out->more);

	if (out_is_empty(out))
		return 0;
	share += block_cost(out->first.block) / out->first.block->queued;
	for (uint32_t i = out->more_from; i < out->more_to; i++)
		share += block_cost(out->more[i].block) / out->more[i].block->queued;
	return share;
}

/* Only queues have it, and if all of them leave it with as much, that is less than it is. */
static bool
run_is_small(const struct run *run)
{
	const struct block *block = run->block;

	return block->cap >= COMPACT_LEAST && block->refs == block->queued &&
		2 * (size_t)(run->to - run->from) * block->queued <= block->cap;
}

static void
run_compact(struct run *run, size_t *held)
{
	struct block *old = run->block, *block;
	size_t size = run->to - run->from;

	if (!run_is_small(run))
		return;
	block = block_new(size);
	memcpy(block->bytes, old->bytes + run->from, size);
	block->len = (uint32_t)size;
	hold(held, block);
	block_unref(block);
	let_go(held, old);
	*run = (struct run){block, 0, (uint32_t)size};
}

void
out_compact(struct out *out, size_t *held)
{
	size_t size;

	if (out_is_empty(out))
		return;
	while (out->sent >= (size = block_frame_size(out->first.block->bytes + out->first.from))) {
		out->first.from += (uint32_t)size;
		out->sent -= (uint32_t)size;
	}
	run_compact(&out->first, held);
	for (uint32_t i = out->more_from; i < out->more_to; i++)
		run_compact(&out->more[i], held);
}
