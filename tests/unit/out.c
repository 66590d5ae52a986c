/*
 * A connection's queue against a plain model of it: whatever is appended, sent in whatever pieces,
 * and cut, the bytes come out in order, once, and every reference is given back.
 */
#include "serve/out.h"

#include <stdlib.h>

#include "tap.h"

#define BLOCKS 6
#define FRAMES 8 /* of a block */
#define MODEL_MAX 100000

struct model {
	char bytes[MODEL_MAX]; /* to be sent, from the start of the frame in progress */
	size_t len, sent;
};

static struct block *
some_block(unsigned number)
{
	struct block *block = block_new(16);

	for (unsigned i = 0; i < FRAMES; i++) {
		char payload[300];
		size_t len = (number * 37 + i * 61) % sizeof(payload);

		memset(payload, 'a' + (int)((number * FRAMES + i) % 26), len);
		block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){payload, len});
	}
	return block;
}

/* The edge before the n-th frame. */
static uint32_t
edge(const struct block *block, unsigned n)
{
	uint32_t at = 0;

	while (n--)
		at += (uint32_t)block_frame_size(block->bytes + at);
	return at;
}

static size_t
gather(const struct out *out, char *into, int max)
{
	struct iovec pieces[16];
	int count = out_pieces(out, pieces, max);
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		memcpy(into + len, pieces[i].iov_base, pieces[i].iov_len);
		len += pieces[i].iov_len;
	}
	return len;
}

static void
model_append(struct model *model, const struct block *block, uint32_t from, uint32_t to)
{
	memcpy(model->bytes + model->len, block->bytes + from, to - from);
	model->len += to - from;
}

static void
model_send(struct model *model, size_t bytes)
{
	model->sent += bytes;
	while (model->sent > 0 && model->sent >= block_frame_size(model->bytes)) {
		size_t size = block_frame_size(model->bytes);

		memmove(model->bytes, model->bytes + size, model->len - size);
		model->len -= size;
		model->sent -= size;
	}
}

/* Whole frames stay: those of which a byte is sent, or is among the next `bound`. */
static void
model_cut(struct model *model, size_t bound)
{
	size_t len = 0;

	while (len < model->sent + bound)
		len += block_frame_size(model->bytes + len);
	model->len = len;
}

static bool
agrees(const struct out *out, const struct model *model)
{
	char *bytes = malloc(MODEL_MAX);
	int max = 1 + rand() % 16;
	size_t len = gather(out, bytes, max);
	bool same = out->bytes == model->len - model->sent && len <= out->bytes &&
		(len == out->bytes || max < 16 || len > 0) &&
		memcmp(bytes, model->bytes + model->sent, len) == 0 &&
		out_is_empty(out) == (out->bytes == 0) && (out_is_empty(out) || len > 0);

	free(bytes);
	return same;
}

static size_t
first_run_bytes(const struct out *out)
{
	return out_is_empty(out) ? 0 : out->first.to - out->first.from - out->sent;
}

static void
step(struct out *out, struct model *model, struct block **blocks)
{
	struct block *block = blocks[rand() % BLOCKS];
	unsigned from = (unsigned)rand() % FRAMES;
	unsigned to = from + 1 + (unsigned)rand() % (FRAMES - from);
	size_t bytes;

	switch (rand() % 8) {
	case 0:
	case 1:
	case 2:
		if (model->len > MODEL_MAX / 2)
			break;
		out_append(out, block, edge(block, from), edge(block, to));
		model_append(model, block, edge(block, from), edge(block, to));
		break;
	case 3:
		if (rand() % 4)
			break;
		bytes = rand() % 3 ? 0 : (size_t)rand() % (first_run_bytes(out) + 1);
		out_cut(out, bytes);
		model_cut(model, bytes);
		break;
	default:
		if (out_is_empty(out))
			break;
		bytes = 1 + (size_t)rand() % (rand() % 3 ? 400 : 3000);
		if (bytes > out->bytes)
			bytes = out->bytes;
		out_sent(out, bytes);
		model_send(model, bytes);
	}
}

static void
test_walk(unsigned seed)
{
	static struct model model;
	struct block *blocks[BLOCKS];
	struct out out = {0};
	bool same = true, kept = true;
	int steps;

	srand(seed);
	model = (struct model){.len = 0};
	for (unsigned i = 0; i < BLOCKS; i++)
		blocks[i] = some_block(i);
	for (steps = 0; steps < 2000 && same; steps++) {
		step(&out, &model, blocks);
		same = agrees(&out, &model);
	}
	ok(same, "walk %u: the queue is what the model says, %d steps", seed, steps);
	out_free(&out);
	ok(out_is_empty(&out) && out.bytes == 0, "walk %u: freed, it is empty", seed);
	for (unsigned i = 0; i < BLOCKS; i++) {
		kept = kept && blocks[i]->refs == 1;
		block_unref(blocks[i]);
	}
	ok(kept, "walk %u: every reference is given back", seed);
}

/* Runs that lie next to each other become one. */
static void
test_joined(void)
{
	struct block *block = some_block(3);
	struct out out = {0};
	struct iovec pieces[4];

	for (unsigned i = 0; i < FRAMES; i++)
		out_append(&out, block, edge(block, i), edge(block, i + 1));
	is_int(out_pieces(&out, pieces, 4), 1, "neighbours are one piece");
	is_int(block->refs, 2, "and one reference");
	out_append(&out, block, 0, block->len);
	is_int(out_pieces(&out, pieces, 4), 2, "a repeat is another");
	is_int(out_pieces(&out, pieces, 1), 1, "no more pieces than asked for");
	out_sent(&out, edge(block, 1) + 1);
	out_cut(&out, 0);
	is_int(out.bytes, edge(block, 2) - edge(block, 1) - 1, "cut to the end of the frame begun");
	out_sent(&out, out.bytes);
	ok(out_is_empty(&out), "which is all that is left");
	out_cut(&out, 0);
	ok(out_is_empty(&out), "nothing can be cut from nothing");
	block_unref(block);
}

int
main(void)
{
	test_joined();
	for (unsigned seed = 1; seed <= 20; seed++)
		test_walk(seed);
	return done();
}
