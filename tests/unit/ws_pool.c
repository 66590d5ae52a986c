/* Receivers that share a pool do not disturb each other. */
#include "wire/ws.h"

#include <stdlib.h>

#include "tap.h"
#include "ws_frames.h"

#define RECEIVERS 12
#define POOL_RUNS 300

/* Appends random frames of a peer, up to a Close, an invalid frame, or the end of the stream. */
static void
append_conversation(struct chat_buf *bytes)
{
	static char text[9000];
	size_t cases_count = sizeof(cases) / sizeof(*cases), count = 1 + next_random() % 4;

	for (size_t i = 0; i < count; i++) {
		const struct frame *frames = cases[next_random() % cases_count].frames;

		memset(text, 'a' + (int)(next_random() % 26), sizeof(text));
		if (next_random() % 3 > 0)
			append_frame(bytes,
				&(struct frame){TEXT, text, next_random() % sizeof(text), 0}, true);
		for (size_t j = 0; j < FRAMES_MAX && frames[j].payload; j++)
			append_frame(bytes, &frames[j], true);
	}
}

struct receiver {
	struct chat_ws ws;
	struct chat_buf bytes, log;
	size_t at;
};

/* Feeds a random piece, which often ends in the middle of a frame. */
static void
receiver_step(struct receiver *receiver, struct chat_ws_pool *pool)
{
	size_t left = receiver->bytes.len - receiver->at;
	size_t most = next_random() % 2 ? left : left < 40 ? left : 40;
	size_t len = left ? 1 + next_random() % most : 0;

	feed(&receiver->ws, pool, (struct chat_span){receiver->bytes.at + receiver->at, len},
		&receiver->log);
	receiver->at += len;
}

/* Returns true when a receiver that shares a pool returns what it returns alone. */
static bool
is_as_alone(const struct receiver *receiver)
{
	char *alone = receive(CHAT_WS_SERVER, chat_buf_span(&receiver->bytes), 0);
	bool same = chat_span_equal(chat_buf_span(&receiver->log), chat_span_of(alone));

	free(alone);
	return same;
}

/* Lets many receivers read in random turns. Returns the number whose events differ from those that
 * the same bytes give alone. */
static size_t
count_strays(struct chat_ws_pool *pool)
{
	struct receiver receivers[RECEIVERS] = {0};
	size_t strays = 0;

	for (size_t i = 0; i < RECEIVERS; i++)
		append_conversation(&receivers[i].bytes);
	for (size_t i = 0; i < 40 * RECEIVERS; i++)
		receiver_step(&receivers[next_random() % RECEIVERS], pool);
	for (size_t i = 0; i < RECEIVERS; i++) {
		struct receiver *receiver = &receivers[i];

		while (receiver->at < receiver->bytes.len)
			receiver_step(receiver, pool);
		strays += !is_as_alone(receiver);
		chat_ws_free(&receiver->ws, pool);
		chat_buf_free(&receiver->bytes);
		chat_buf_free(&receiver->log);
	}
	return strays;
}

static void
test_shared_pool(void)
{
	struct chat_ws_pool *pool = chat_ws_pool_new();
	size_t strays = 0;

	for (int run = 0; run < POOL_RUNS; run++)
		strays += count_strays(pool);
	ok(strays == 0, "of %d receivers on one pool each says what it says alone (%zu do not)",
		POOL_RUNS * RECEIVERS, strays);
	chat_ws_pool_free(pool);
}

/* The shortest case: a header is refused while the payload of another peer is half read. */
static void
test_refused_header(void)
{
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_buf half = {0}, refused = {0}, log = {0}, refusal = {0};
	struct chat_ws honest, broken;

	chat_ws_init(&honest, CHAT_WS_SERVER);
	chat_ws_init(&broken, CHAT_WS_SERVER);
	append_frame(&half, &(struct frame)F(TEXT, "honest"), true);
	append_frame(&refused, &(struct frame)F(0x83, "foreign"), true);
	feed(&honest, pool, (struct chat_span){half.at, 8}, &log);
	feed(&broken, pool, chat_buf_span(&refused), &refusal);
	feed(&honest, pool, (struct chat_span){half.at + 8, half.len - 8}, &log);
	chat_buf_append(&log, "", 1);
	is_str(log.at, "text(honest)", "a refused header leaves nothing to whoever reads next");
	chat_ws_free(&honest, pool);
	chat_ws_free(&broken, pool);
	chat_ws_pool_free(pool);
	chat_buf_free(&half);
	chat_buf_free(&refused);
	chat_buf_free(&log);
	chat_buf_free(&refusal);
}

int
main(void)
{
	test_shared_pool();
	test_refused_header();
	return done();
}
