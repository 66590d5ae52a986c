/*
 * Any bytes as frames: however they are cut, the same comes of them, bounded, and what is sent on
 * arrives. The first byte says whose frames they are and where the cuts lie.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "utf8.h"
#include "ws.h"

#define MESSAGE_MAX 10000
#define FRAGMENTS_MAX 5

static void
check_event(const struct chat_ws *ws, enum chat_ws_event event, struct chat_span payload)
{
	bool is_text = event == CHAT_WS_MESSAGE || event == CHAT_WS_GOT_CLOSE;

	need(payload.len <= (event == CHAT_WS_MESSAGE ? MESSAGE_MAX : 125));
	need(!is_text || chat_utf8_check(payload.at, payload.len) == payload.len);
	need(event != CHAT_WS_FAILED || chat_ws_close_code_valid(ws->close_code));
	need(ws->frames == NULL || !chat_ws_idle(ws));
	need(event != CHAT_WS_MESSAGE || ws->message.at == NULL);
}

/* Everything that comes of the bytes, as a text; cut: at most so many at once, 0 all. */
static struct chat_buf
receive(enum chat_ws_role role, struct chat_span bytes, size_t cut)
{
	static const struct chat_ws_limits limits = {MESSAGE_MAX, FRAGMENTS_MAX};
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_buf log = {0};
	struct chat_ws ws;

	chat_ws_init(&ws, role);
	while (bytes.len > 0) {
		size_t len = cut == 0 || cut > bytes.len ? bytes.len : cut;
		struct chat_span input = {bytes.at, len}, payload;
		enum chat_ws_event event;

		while ((event = chat_ws_next(&ws, pool, &limits, &input, &payload)) !=
			CHAT_WS_WANT_MORE) {
			check_event(&ws, event, payload);
			chat_buf_printf(&log, "%d %d ", event, ws.close_code);
			if (event != CHAT_WS_FAILED)
				chat_buf_append_span(&log, payload);
		}
		need(input.len == 0);
		need(ws.message.cap <= 4 * MESSAGE_MAX);
		bytes = (struct chat_span){bytes.at + len, bytes.len - len};
	}
	chat_ws_free(&ws, pool);
	chat_ws_pool_free(pool);
	return log;
}

static void
check_cuts(enum chat_ws_role role, struct chat_span bytes, size_t cut)
{
	struct chat_buf whole = receive(role, bytes, 0), pieces = receive(role, bytes, cut);

	need(chat_span_equal(chat_buf_span(&whole), chat_buf_span(&pieces)));
	chat_buf_free(&whole);
	chat_buf_free(&pieces);
}

/* The bytes as a ping, there and back. */
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

	if (size == 0)
		return 0;
	check_cuts((data[0] & 1) != 0 ? CHAT_WS_CLIENT : CHAT_WS_SERVER, bytes, 1 + data[0] / 2);
	check_sending(bytes);
	return 0;
}
