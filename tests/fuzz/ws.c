/*
 * Any bytes as frames: the events are the same however the bytes are cut and whichever receivers
 * share the pool, memory is bounded, and a frame that is sent is received. The first byte chooses
 * the role of the sender and the places of the cuts.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "text/utf8.h"
#include "wire/ws.h"

#define MESSAGE_MAX 10000
#define FRAGMENTS_MAX 5
#define RECEIVERS 8

static void
check_event(const struct chat_ws *ws, enum chat_ws_event event, struct chat_span payload)
{
	bool is_text = event == CHAT_WS_MESSAGE || event == CHAT_WS_GOT_CLOSE;

	need(payload.len <= (event == CHAT_WS_MESSAGE ? MESSAGE_MAX : 125));
	need(!is_text || chat_utf8_check(payload.at, payload.len) == payload.len);
	need(event != CHAT_WS_FAILED || chat_ws_close_code_valid(ws->close_code));
	need(!ws->frames || !chat_ws_idle(ws));
	need(event != CHAT_WS_MESSAGE || !ws->message.at);
}

struct receiver {
	struct chat_ws ws;
	struct chat_span bytes; /* not read yet */
	struct chat_buf log; /* all events so far, as text */
};

/* Reads one piece, copied to an allocation of its own, which is freed afterwards. */
static void
receiver_read(struct receiver *receiver, struct chat_ws_pool *pool, size_t len)
{
	static const struct chat_ws_limits limits = {
		.max_message_bytes = MESSAGE_MAX, .max_fragments = FRAGMENTS_MAX};
	char *piece = chat_strndup(receiver->bytes.at, len);
	struct chat_span input = {piece, len}, payload;
	enum chat_ws_event event;

	while ((event = chat_ws_next(&receiver->ws, pool, &limits, &input, &payload)) !=
		CHAT_WS_WANT_MORE) {
		check_event(&receiver->ws, event, payload);
		chat_buf_printf(&receiver->log, "%d %d ", event, receiver->ws.close_code);
		if (event != CHAT_WS_FAILED)
			chat_buf_append_span(&receiver->log, payload);
	}
	need(input.len == 0);
	need(receiver->ws.message.cap <= 4 * MESSAGE_MAX);
	receiver->bytes = (struct chat_span){receiver->bytes.at + len, receiver->bytes.len - len};
	free(piece);
}

/* Returns all events of these bytes, as text, read in pieces of `cut` bytes; 0: in one piece. */
static struct chat_buf
receive(enum chat_ws_role role, struct chat_span bytes, size_t cut)
{
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct receiver receiver = {.bytes = bytes};

	chat_ws_init(&receiver.ws, role);
	while (receiver.bytes.len > 0)
		receiver_read(&receiver, pool,
			cut == 0 || cut > receiver.bytes.len ? receiver.bytes.len : cut);
	chat_ws_free(&receiver.ws, pool);
	chat_ws_pool_free(pool);
	return receiver.log;
}

static void
check_receiver(struct receiver *receiver, struct chat_ws_pool *pool, enum chat_ws_role role,
	struct chat_span bytes)
{
	struct chat_buf alone = receive(role, bytes, 0);

	need(chat_span_equal(chat_buf_span(&alone), chat_buf_span(&receiver->log)));
	chat_ws_free(&receiver->ws, pool);
	chat_buf_free(&receiver->log);
	chat_buf_free(&alone);
}

/*
 * Parts the bytes among receivers of one pool, which read in turns: the events of each are those
 * that its bytes give alone. The bytes also decide the order of turns.
 */
static void
check_shared(enum chat_ws_role role, struct chat_span bytes)
{
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct receiver receivers[RECEIVERS] = {0};
	size_t share = bytes.len / RECEIVERS, left = share * RECEIVERS;

	for (size_t i = 0; i < RECEIVERS; i++) {
		chat_ws_init(&receivers[i].ws, role);
		receivers[i].bytes = (struct chat_span){bytes.at + i * share, share};
	}
	for (size_t turn = 0; left > 0; turn++) {
		unsigned draw = (unsigned char)bytes.at[turn % bytes.len] + (unsigned)turn * 7;
		size_t who = draw % RECEIVERS, len = 1 + draw / RECEIVERS % 16;

		while (receivers[who].bytes.len == 0)
			who = (who + 1) % RECEIVERS;
		if (len > receivers[who].bytes.len)
			len = receivers[who].bytes.len;
		receiver_read(&receivers[who], pool, len);
		left -= len;
	}
	for (size_t i = 0; i < RECEIVERS; i++)
		check_receiver(
			&receivers[i], pool, role, (struct chat_span){bytes.at + i * share, share});
	chat_ws_pool_free(pool);
}

static void
check_cuts(enum chat_ws_role role, struct chat_span bytes, size_t cut)
{
	struct chat_buf whole = receive(role, bytes, 0), pieces = receive(role, bytes, cut);

	need(chat_span_equal(chat_buf_span(&whole), chat_buf_span(&pieces)));
	chat_buf_free(&whole);
	chat_buf_free(&pieces);
}

/* Sends the bytes as a ping and receives it. */
static void
check_sending(struct chat_span payload)
{
	struct chat_ws_masks masks = {0};
	struct chat_buf frame = {0}, log;

	if (payload.len > 125)
		payload.len = 125;
	chat_ws_append(&frame, &masks, CHAT_WS_PING, payload);
	log = receive(CHAT_WS_SERVER, chat_buf_span(&frame), 0);
	need(log.len == payload.len + 4);
	need(payload.len == 0 || memcmp(log.at + 4, payload.at, payload.len) == 0);
	chat_buf_free(&log);
	chat_buf_free(&frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span bytes = {(const char *)data + 1, size - 1};
	enum chat_ws_role role;

	if (size == 0)
		return 0;
	role = (data[0] & 1) != 0 ? CHAT_WS_CLIENT : CHAT_WS_SERVER;
	check_cuts(role, bytes, 1 + data[0] / 2);
	check_shared(role, bytes);
	check_sending(bytes);
	return 0;
}
