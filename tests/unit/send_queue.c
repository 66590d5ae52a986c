/*
 * Queues against plain models of them: whatever is appended, sent in whatever pieces, cut and
 * compacted, the bytes come out in order, once, every reference is given back, and what is said to
 * be held is what is there.
 */
#include "serve/net/send_queue.h"

#include <stdlib.h>

#include "tap.h"

#define QUEUES 4
#define BLOCKS 3
#define FRAMES 8 /* of a block */
#define PAYLOAD_MAX 3000
#define MODEL_MAX 300000

struct model {
	char bytes[MODEL_MAX]; /* to be sent, from the start of the frame in progress */
	size_t len, sent;
	size_t newest; /* bytes of the last frame if the next of its kind takes its place; 0: not */
};

/* Some queues, and the blocks that they share; those live in queues alone once others are made. */
struct walk {
	struct send_queue outs[QUEUES];
	struct model models[QUEUES];
	struct block *blocks[BLOCKS];
	size_t held;
};

static struct block *
some_block(void)
{
	struct block *block = block_new(16);

	for (unsigned i = 0; i < FRAMES; i++) {
		char payload[PAYLOAD_MAX];
		size_t len = (size_t)(rand() % (rand() % 2 ? 100 : PAYLOAD_MAX));

		memset(payload, 'a' + rand() % 26, len);
		block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){payload, len});
	}
	return block_trim(block);
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
gather(const struct send_queue *queue, char *into, int max)
{
	struct iovec pieces[16];
	int count = send_queue_pieces(queue, pieces, max);
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
	model->newest = 0;
}

/* A frame of this queue alone; with newest, in place of the last one where that was such. */
static void
model_append_frame(struct model *model, char opcode, struct chat_span payload, bool newest)
{
	char header[CHAT_WS_HEADER_MAX];
	size_t len = chat_ws_header(header, (enum chat_ws_opcode)opcode, payload.len);

	if (newest && model->len - model->newest >= model->sent)
		model->len -= model->newest;
	memcpy(model->bytes + model->len, header, len);
	memcpy(model->bytes + model->len + len, payload.at, payload.len);
	model->len += len + payload.len;
	model->newest = newest ? len + payload.len : 0;
}

static void
model_send(struct model *model, size_t bytes)
{
	model->sent += bytes;
	if (model->sent > model->len - model->newest)
		model->newest = 0;
	while (model->sent > 0 && model->sent >= block_frame_size(model->bytes)) {
		size_t size = block_frame_size(model->bytes);

		memmove(model->bytes, model->bytes + size, model->len - size);
		model->len -= size;
		model->sent -= size;
	}
}

/* A frame of which a byte is sent stays. */
static void
model_cut(struct model *model)
{
	size_t len = 0;

	while (len < model->sent)
		len += block_frame_size(model->bytes + len);
	if (len < model->len)
		model->newest = 0;
	model->len = len;
}

static bool
agrees(const struct send_queue *queue, const struct model *model)
{
	char *bytes = malloc(MODEL_MAX);
	int max = 1 + rand() % 16;
	size_t len = gather(queue, bytes, max);
	bool same = queue->bytes == model->len - model->sent && len <= queue->bytes &&
		(len == queue->bytes || max < 16 || len > 0) &&
		memcmp(bytes, model->bytes + model->sent, len) == 0 &&
		send_queue_is_empty(queue) == (queue->bytes == 0) &&
		(send_queue_is_empty(queue) || len > 0);

	free(bytes);
	return same;
}

/* The run of this number, NULL behind the last. */
static const struct send_run *
run_at(const struct send_queue *queue, uint32_t i)
{
	if (send_queue_is_empty(queue) || i > queue->more_to - queue->more_from)
		return NULL;
	return i == 0 ? &queue->first : &queue->more[queue->more_from + i - 1];
}

/* Returns true when the blocks that all queues hold, and the share of each queue, add up. */
static bool
holds(const struct walk *walk)
{
	size_t cost = 0, holders = 0, runs = 0;
	const struct send_run *run;

	for (int q = 0; q < QUEUES; q++) {
		const struct send_queue *queue = &walk->outs[q];

		cost += queue->more_cap * sizeof(*queue->more);
		holders += send_queue_share(queue);
		for (uint32_t i = 0; (run = run_at(queue, i)); i++, runs++) {
			bool first = true;
			const struct send_run *other;

			for (int p = 0; p <= q && first; p++)
				for (uint32_t j = 0;
					(other = run_at(&walk->outs[p], j)) && (p < q || j < i);
					j++)
					first = first && other->block != run->block;
			cost += first ? block_cost(run->block) : 0;
		}
	}
	return walk->held == cost && holders <= cost && holders + runs >= cost;
}

static void
step_append(struct walk *walk, struct send_queue *queue, struct model *model)
{
	struct block *block = walk->blocks[rand() % BLOCKS];
	unsigned from = (unsigned)rand() % FRAMES;
	unsigned to = from + 1 + (unsigned)rand() % (FRAMES - from);

	send_queue_append(queue, &walk->held, block, edge(block, from), edge(block, to));
	model_append(model, block, edge(block, from), edge(block, to));
}

static void
step_append_frame(struct walk *walk, struct send_queue *queue, struct model *model)
{
	static const char text[] =
		"what only one of them gets: it lies in a block of its own, which "
		"grows as long as nobody else has it, and never moves";
	struct chat_span payload = {text, (size_t)rand() % sizeof(text)};

	if (rand() % 2) {
		send_queue_append_frame(queue, &walk->held, CHAT_WS_PING, payload);
		model_append_frame(model, CHAT_WS_PING, payload, false);
	} else {
		send_queue_append_newest(queue, &walk->held, CHAT_WS_PONG, payload);
		model_append_frame(model, CHAT_WS_PONG, payload, true);
	}
}

static void
step_cut(struct walk *walk, struct send_queue *queue, struct model *model)
{
	send_queue_cut(queue, &walk->held);
	model_cut(model);
}

static void
step_send(struct walk *walk, struct send_queue *queue, struct model *model)
{
	size_t bytes = 1 + (size_t)rand() % (rand() % 3 ? 4000 : 30000);

	if (send_queue_is_empty(queue))
		return;
	if (bytes > queue->bytes)
		bytes = queue->bytes;
	send_queue_sent(queue, &walk->held, bytes);
	model_send(model, bytes);
}

static void
step_blocks(struct walk *walk)
{
	struct block **block = &walk->blocks[rand() % BLOCKS];

	block_unref(*block);
	*block = some_block();
}

static bool
step(struct walk *walk)
{
	int q = rand() % QUEUES;
	struct send_queue *queue = &walk->outs[q];
	struct model *model = &walk->models[q];
	int what = rand() % 20;

	if (what < 5 && model->len < MODEL_MAX / 2)
		step_append(walk, queue, model);
	else if (what < 9 && model->len < MODEL_MAX / 2)
		step_append_frame(walk, queue, model);
	else if (what < 10)
		step_cut(walk, queue, model);
	else if (what < 11)
		send_queue_compact(queue, &walk->held);
	else if (what < 13)
		step_blocks(walk);
	else
		step_send(walk, queue, model);
	return agrees(queue, model);
}

static void
test_walk(unsigned seed)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	bool same = true, held = true;
	int steps;

	srand(seed);
	for (int i = 0; i < BLOCKS; i++)
		walk->blocks[i] = some_block();
	for (steps = 0; steps < 3000 && same && held; steps++) {
		same = step(walk);
		held = holds(walk);
	}
	ok(same, "walk %u: the queues are what the models say, %d steps", seed, steps);
	ok(held, "walk %u: and hold what is counted", seed);
	for (int q = 0; q < QUEUES; q++)
		send_queue_free(&walk->outs[q], &walk->held);
	is_int(walk->held, 0, "walk %u: freed, they hold nothing", seed);
	for (int i = 0; i < BLOCKS; i++) {
		ok(walk->blocks[i]->refs == 1 && walk->blocks[i]->queued == 0,
			"walk %u: every reference is given back", seed);
		block_unref(walk->blocks[i]);
	}
	free(walk);
}

/* Runs that lie next to each other become one. */
static void
test_joined(void)
{
	struct block *block = some_block();
	struct send_queue queue = {0};
	struct iovec pieces[4];
	size_t held = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		send_queue_append(&queue, &held, block, edge(block, i), edge(block, i + 1));
	is_int(send_queue_pieces(&queue, pieces, 4), 1, "neighbours are one piece");
	is_int(block->refs, 2, "and one reference");
	send_queue_append(&queue, &held, block, 0, block->len);
	is_int(send_queue_pieces(&queue, pieces, 4), 2, "a repeat is another");
	is_int(send_queue_pieces(&queue, pieces, 1), 1, "no more pieces than asked for");
	send_queue_sent(&queue, &held, edge(block, 1) + 1);
	send_queue_cut(&queue, &held);
	is_int(queue.bytes, edge(block, 2) - edge(block, 1) - 1,
		"cut to the end of the frame begun");
	is_int(held, block_cost(block), "so that one block is all that is held, and no array");
	send_queue_sent(&queue, &held, queue.bytes);
	ok(send_queue_is_empty(&queue), "which is all that is left");
	send_queue_cut(&queue, &held);
	ok(send_queue_is_empty(&queue), "nothing can be cut from nothing");
	is_int(held, 0, "and nothing is held");
	block_unref(block);
}

/* A block of a megabyte that three queues have: it stays while what they need of it is much. */
static void
test_compact(void)
{
	static char megabyte[1 << 20];
	struct block *block = block_of_frame(CHAT_WS_TEXT, (struct chat_span){megabyte, 1 << 20});
	struct send_queue outs[3] = {0};
	size_t held = 0, small, whole;
	uint32_t letter = block->len;

	block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){megabyte, 100});
	block = block_trim(block);
	whole = block_cost(block);
	for (int i = 0; i < 3; i++)
		send_queue_append(&outs[i], &held, block, i < 2 ? letter : 0, block->len);
	is_int(held, whole, "in three queues a block counts once");
	is_int(send_queue_share(&outs[0]), whole / 3, "a third for each");
	block_unref(block);
	send_queue_compact(&outs[0], &held);
	small = held - whole;
	ok(small > 100 && small < 200, "who needs a letter of it copies that: %zu bytes", small);
	send_queue_compact(&outs[2], &held);
	is_int(held, whole + small, "who needs the most of it does not");
	send_queue_free(&outs[2], &held);
	send_queue_compact(&outs[1], &held);
	is_int(held, 2 * small, "and when all have copied what they need, the block is gone");
	send_queue_free(&outs[0], &held);
	send_queue_free(&outs[1], &held);
	is_int(held, 0, "nothing is left");
}

/* An HTTP answer, of which a part is sent, is no frame: the byte after its H would be a length. */
static void
test_answer(void)
{
	static const char text[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
				   "Connection: Upgrade\r\n\r\n";
	struct chat_span answer = {text, sizeof(text) - 1};
	size_t frame = block_frame_size(text), held = 0;
	struct block *block = block_new(frame + 1);
	struct send_queue queue = {0};
	struct iovec piece;

	memset(block->bytes, ' ', block->cap);
	memcpy(block->bytes, answer.at, answer.len < block->cap ? answer.len : block->cap);
	block->len = block->cap;
	send_queue_append(&queue, &held, block, 0, block->len);
	send_queue_sent(&queue, &held, frame);
	send_queue_compact(&queue, &held);
	ok(queue.first.from == 0 && queue.sent == frame, "an HTTP answer is not taken for frames");
	is_int(send_queue_pieces(&queue, &piece, 1), 1, "its last byte");
	is_int(piece.iov_len, 1, "is left");
	send_queue_free(&queue, &held);
	block_unref(block);
}

int
main(void)
{
	test_joined();
	test_compact();
	test_answer();
	for (unsigned seed = 1; seed <= 8; seed++)
		test_walk(seed);
	return done();
}
