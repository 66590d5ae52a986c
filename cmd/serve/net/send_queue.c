/*
 * The send queue of a connection. conn_write.c appends frames, and removes the bytes that are sent.
 */
#include "serve/net/send_queue.h"

#include <stdlib.h>
#include <string.h>

#include "text/buf.h"

/*
 * The capacity in bytes of a block for frames of one queue only. Each block is twice as large as
 * the block before, within these limits. A frame over OWN_BLOCK_MAX gets a block of its size.
 */
#define OWN_BLOCK_MIN 128
#define OWN_BLOCK_MAX 4096
#define CONTROL_FRAME_MAX 127 /* the longest control frame of a server, in bytes */
#define COMPACT_MIN 4096 /* runs of smaller blocks are not copied, in bytes */

/* ---- blocks and runs ---- */

/* Adds a reference. Adds the block to *held if no queue referred to it before. */
static void
hold(size_t *held, struct block *block)
{
	block_ref(block);
	if (block->queued++ == 0)
		*held += block_cost(block);
}

/* Releases a reference. Subtracts the block from *held if no queue refers to it any more. */
static void
release(size_t *held, struct block *block)
{
	if (--block->queued == 0)
		*held -= block_cost(block);
	block_unref(block);
}

static struct send_run *
last_run(struct send_queue *queue)
{
	return queue->more_to > queue->more_from ? &queue->more[queue->more_to - 1] : &queue->first;
}

/* Appends a run to the array, and returns it. The caller must fill it in. */
static struct send_run *
more_slot(struct send_queue *queue, size_t *held)
{
	if (queue->more_to == queue->more_cap && queue->more_from > 0) {
		queue->more_to -= queue->more_from;
		memmove(queue->more, queue->more + queue->more_from,
			queue->more_to * sizeof(*queue->more));
		queue->more_from = 0;
	} else if (queue->more_to == queue->more_cap) {
		*held -= queue->more_cap * sizeof(*queue->more);
		queue->more_cap = queue->more_cap ? 2 * queue->more_cap : 4;
		queue->more = chat_realloc(queue->more, queue->more_cap * sizeof(*queue->more));
		*held += queue->more_cap * sizeof(*queue->more);
	}
	return &queue->more[queue->more_to++];
}

/* Frees the array of runs, which must be empty. */
static void
more_free(struct send_queue *queue, size_t *held)
{
	*held -= queue->more_cap * sizeof(*queue->more);
	free(queue->more);
	queue->more = NULL;
	queue->more_from = queue->more_to = queue->more_cap = 0;
}

/* Extends a run by these bytes of a block. Returns false if they do not follow the run. */
static bool
run_extend(struct send_run *run, struct block *block, uint32_t from, uint32_t to)
{
	if (run->block != block || run->to != from)
		return false;
	run->to = to;
	return true;
}

/* ---- appending ---- */

void
send_queue_append(
	struct send_queue *queue, size_t *held, struct block *block, uint32_t from, uint32_t to)
{
	struct send_run *last = last_run(queue);

	queue->bytes += to - from;
	if (run_extend(last, block, from, to))
		return;
	if (!send_queue_is_empty(queue))
		last = more_slot(queue, held);
	hold(held, block);
	*last = (struct send_run){block, from, to};
}

static void
append_own(struct send_queue *queue, size_t *held, struct block *block)
{
	send_queue_append(queue, held, block, 0, block->len);
	block_unref(block);
}

/* Returns the last run's block if a frame can be appended to the block and the run, or NULL. */
static struct block *
own_block(struct send_queue *queue)
{
	const struct send_run *last = last_run(queue);

	return last->block && last->block->refs == 1 && last->to == last->block->len ? last->block
										     : NULL;
}

void
send_queue_append_frame(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload)
{
	struct block *own = own_block(queue);
	size_t need = payload.len + CHAT_WS_HEADER_MAX, cap = OWN_BLOCK_MIN;
	uint32_t from;

	if (own && need <= own->cap - own->len) {
		from = own->len;
		block_append_frame(own, opcode, payload);
		last_run(queue)->to = own->len;
		queue->bytes += own->len - from;
		return;
	}
	if (own)
		cap = own->cap < OWN_BLOCK_MAX / 2 ? 2 * own->cap : OWN_BLOCK_MAX;
	if (cap < need)
		cap = need;
	append_own(queue, held, block_append_frame(block_new(cap), opcode, payload));
}

/*
 * Returns true if the last run is one frame with this opcode, send_queue_append_newest() made it,
 * and no byte of it is sent.
 */
static bool
last_is_needless(struct send_queue *queue, enum chat_ws_opcode opcode)
{
	const struct send_run *last = last_run(queue);
	const struct block *own = own_block(queue);

	return own && own->cap == CONTROL_FRAME_MAX && last->from == 0 &&
		((unsigned char)own->bytes[0] & 0xf) == opcode &&
		block_frame_size(own->bytes) == own->len &&
		(last != &queue->first || queue->sent == 0);
}

void
send_queue_append_newest(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload)
{
	struct block *block;

	if (!last_is_needless(queue, opcode)) {
		block = block_append_frame(block_new(CONTROL_FRAME_MAX), opcode, payload);
		append_own(queue, held, block);
		return;
	}
	block = last_run(queue)->block;
	queue->bytes -= block->len;
	block->len = 0;
	block_append_frame(block, opcode, payload);
	last_run(queue)->to = block->len;
	queue->bytes += block->len;
}

/* ---- sending ---- */

int
send_queue_pieces(const struct send_queue *queue, struct iovec *pieces, int max)
{
	int count = 0;

	if (send_queue_is_empty(queue))
		return 0;
	pieces[count].iov_base = queue->first.block->bytes + queue->first.from + queue->sent;
	pieces[count++].iov_len = queue->first.to - queue->first.from - queue->sent;
	for (uint32_t i = queue->more_from; i < queue->more_to && count < max; i++, count++) {
		pieces[count].iov_base = queue->more[i].block->bytes + queue->more[i].from;
		pieces[count].iov_len = queue->more[i].to - queue->more[i].from;
	}
	return count;
}

/* Releases the first run. The next run becomes the first. */
static void
shift(struct send_queue *queue, size_t *held)
{
	release(held, queue->first.block);
	queue->sent = 0;
	if (queue->more_from < queue->more_to)
		queue->first = queue->more[queue->more_from++];
	else
		queue->first.block = NULL;
	if (queue->more_from == queue->more_to)
		more_free(queue, held);
}

void
send_queue_sent(struct send_queue *queue, size_t *held, size_t bytes)
{
	queue->bytes -= bytes;
	if (!queue->bytes && send_queue_is_one_run(queue)) { /* as most sends leave it */
		release(held, queue->first.block);
		queue->first.block = NULL;
		queue->sent = 0;
		if (queue->more)
			more_free(queue, held);
		return;
	}
	while (bytes) {
		size_t left = queue->first.to - queue->first.from - queue->sent;

		if (bytes < left) {
			queue->sent += (uint32_t)bytes;
			return;
		}
		bytes -= left;
		shift(queue, held);
	}
}

void
send_queue_cut(struct send_queue *queue, size_t *held)
{
	uint32_t edge = queue->first.from;

	if (send_queue_is_empty(queue))
		return;
	while (edge < queue->first.from + queue->sent)
		edge += (uint32_t)block_frame_size(queue->first.block->bytes + edge);
	while (queue->more_from < queue->more_to)
		release(held, queue->more[queue->more_from++].block);
	more_free(queue, held);
	queue->first.to = edge;
	queue->bytes = edge - queue->first.from - queue->sent;
	if (queue->bytes == 0)
		shift(queue, held);
}

void
send_queue_free(struct send_queue *queue, size_t *held)
{
	while (!send_queue_is_empty(queue))
		shift(queue, held);
	queue->bytes = 0;
}

/* ---- memory ---- */

size_t
send_queue_share(const struct send_queue *queue)
{
	size_t share = queue->more_cap * sizeof(*queue->more);

	if (send_queue_is_empty(queue))
		return 0;
	share += block_cost(queue->first.block) / queue->first.block->queued;
	for (uint32_t i = queue->more_from; i < queue->more_to; i++)
		share += block_cost(queue->more[i].block) / queue->more[i].block->queued;
	return share;
}

/*
 * Returns true if a copy of the run saves memory: the block has a capacity of at least COMPACT_MIN,
 * only queues refer to it, and one copy for each reference would need at most half of the capacity.
 */
static bool
run_is_small(const struct send_run *run)
{
	const struct block *block = run->block;

	return block->cap >= COMPACT_MIN && block->refs == block->queued &&
		2 * (size_t)(run->to - run->from) * block->queued <= block->cap;
}

static void
run_compact(struct send_run *run, size_t *held)
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
	release(held, old);
	*run = (struct send_run){block, 0, (uint32_t)size};
}

/* Drops the frames at the front of the first run that are sent. An HTTP answer has no frames. It is
 * known by its H, with which no frame begins, because RSV1 is never set. */
static void
drop_sent(struct send_queue *queue)
{
	const char *at = queue->first.block->bytes + queue->first.from;
	size_t size;

	if (*at == 'H')
		return;
	for (; queue->sent >= (size = block_frame_size(at)); at += size) {
		queue->first.from += (uint32_t)size;
		queue->sent -= (uint32_t)size;
	}
}

void
send_queue_compact(struct send_queue *queue, size_t *held)
{
	if (send_queue_is_empty(queue))
		return;
	drop_sent(queue);
	run_compact(&queue->first, held);
	for (uint32_t i = queue->more_from; i < queue->more_to; i++)
		run_compact(&queue->more[i], held);
}
