/*
 * Receives WebSocket frames: reads the bytes of a connection and yields whole messages, checked and
 * joined from fragments. The server and client.c call it. The only file that uses wslay. ws_send.c
 * sends frames.
 *
 * wslay's frame layer reads all bytes that its callback gives, into its own buffer of 4 KiB. This
 * file finds the end of a frame before wslay reads it, and the callback gives no byte after this
 * end. So a context has no bytes left between frames, and one context serves all receivers of a
 * pool. A receiver keeps a context only while a payload is incomplete.
 *
 * A short text in one frame that is received whole, as nearly all are, is taken here: that of a
 * client is unmasked, because wslay does that byte by byte, and that of a server stays where it is.
 * All others are wslay's.
 */
#include "wire/ws.h"

#include <malloc.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "text/utf8.h"
#include "wire/ws_failure.h"
#include "wire/ws_head.h"

#define CHAT_WS_CLOSE_NONE 1005
#define WHOLE_MAX 4096 /* the longest payload that is unmasked here; wslay's pieces are as long */

/*
 * The receivers of many peers share a pool. The pool points to bytes of a peer only during
 * wslay_read().
 */
struct chat_ws_pool {
	struct wslay_frame_context *spare; /* not in use; its buffer may contain the last payload
					      yielded; NULL: none */
	struct chat_buf yielded; /* the last payload yielded, if it was joined from pieces */
	char whole[WHOLE_MAX]; /* the last payload yielded, if it was unmasked here */
	struct chat_span head,
		body; /* the bytes that wslay may read: a header, and a part of its payload */
};

static void
advance(struct chat_span *bytes, size_t len)
{
	bytes->at += len;
	bytes->len -= len;
}

static ssize_t
give_bytes(uint8_t *to, size_t len, int flags, void *arg)
{
	struct chat_ws_pool *pool = arg;
	struct chat_span *from = pool->head.len > 0 ? &pool->head : &pool->body;
	size_t given = len < from->len ? len : from->len;

	(void)flags;
	if (given == 0)
		return -1;
	memcpy(to, from->at, given);
	advance(from, given);
	return (ssize_t)given;
}

struct chat_ws_pool *
chat_ws_pool_new(void)
{
	return chat_alloc_zeroed(1, sizeof(struct chat_ws_pool));
}

void
chat_ws_pool_free(struct chat_ws_pool *pool)
{
	if (!pool)
		return;
	wslay_frame_context_free(pool->spare);
	chat_buf_free(&pool->yielded);
	free(pool);
}

/*
 * Lets wslay read a header, which may be empty, and payload bytes. Moves both spans past the bytes
 * that wslay has read. Returns as wslay_frame_recv.
 */
static ssize_t
wslay_read(struct chat_ws_pool *pool, struct wslay_frame_context *frames, struct chat_span *head,
	struct chat_span *body, struct wslay_frame_iocb *frame)
{
	ssize_t got;

	pool->head = *head;
	pool->body = *body;
	got = wslay_frame_recv(frames, frame);
	*head = pool->head;
	*body = pool->body;
	pool->head = pool->body = (struct chat_span){0};
	return got;
}

static struct wslay_frame_context *
take_context(struct chat_ws_pool *pool)
{
	static const struct wslay_frame_callbacks callbacks = {.recv_callback = give_bytes};
	struct wslay_frame_context *frames = pool->spare;

	pool->spare = NULL;
	if (!frames && wslay_frame_context_init(&frames, &callbacks, pool) != 0)
		chat_out_of_memory();
	return frames;
}

/*
 * Gives the context back to the pool. The pool must keep it until the next call, because its buffer
 * contains the payload that is yielded next. The context must be between frames.
 */
static void
return_context(struct chat_ws *ws, struct chat_ws_pool *pool)
{
	wslay_frame_context_free(pool->spare);
	pool->spare = ws->frames;
	ws->frames = NULL;
}

void
chat_ws_init(struct chat_ws *ws, enum chat_ws_role role)
{
	*ws = (struct chat_ws){.client = role == CHAT_WS_CLIENT};
}

void
chat_ws_free(struct chat_ws *ws, struct chat_ws_pool *pool)
{
	(void)pool; /* the pool cannot use a context that is within a frame */
	wslay_frame_context_free(ws->frames);
	ws->frames = NULL;
	chat_buf_free(&ws->message);
}

static enum chat_ws_event
fail(struct chat_ws *ws, enum chat_ws_failure failure)
{
	wslay_frame_context_free(ws->frames);
	ws->frames = NULL;
	chat_buf_free(&ws->message);
	ws->failure = (uint8_t)failure;
	ws->close_code = chat_ws_failure_code(failure);
	ws->ended = true;
	return CHAT_WS_FAILED;
}

static bool
is_control(uint8_t opcode)
{
	return (opcode & 0x8) != 0;
}

/* Checks the header of a data frame. wslay checks that the length has its shortest form. */
static enum chat_ws_failure
check_data_header(const struct chat_ws *ws, const struct chat_ws_head *header,
	const struct chat_ws_limits *limits)
{
	uint32_t fragments = ws->in_message ? ws->fragments : 0;

	if (header->opcode == CHAT_WS_CONTINUATION && !ws->in_message)
		return CHAT_WS_FAILURE_CONTINUATION;
	if (header->opcode != CHAT_WS_CONTINUATION && ws->in_message)
		return CHAT_WS_FAILURE_INTERLEAVED;
	if (header->opcode == CHAT_WS_BINARY && !limits->binary)
		return CHAT_WS_FAILURE_BINARY;
	if (header->length >> 63 != 0)
		return CHAT_WS_FAILURE_HEADER;
	if (fragments >= limits->max_fragments)
		return CHAT_WS_FAILURE_FRAGMENTS;
	if (ws->message.len > limits->max_message_bytes ||
		header->length > limits->max_message_bytes - ws->message.len)
		return CHAT_WS_FAILURE_TOO_BIG;
	return CHAT_WS_FAILURE_NONE;
}

static enum chat_ws_failure
check_header(const struct chat_ws *ws, const struct chat_ws_head *header,
	const struct chat_ws_limits *limits)
{
	if (header->reserved)
		return CHAT_WS_FAILURE_RESERVED;
	if ((header->opcode & 0x7) > 2)
		return CHAT_WS_FAILURE_OPCODE;
	if (header->masked == ws->client)
		return ws->client ? CHAT_WS_FAILURE_MASKED : CHAT_WS_FAILURE_UNMASKED;
	if (is_control(header->opcode))
		return CHAT_WS_FAILURE_NONE; /* wslay checks: at most 125 bytes, not fragmented */
	return check_data_header(ws, header, limits);
}

static void
begin_frame(struct chat_ws *ws, const struct chat_ws_head *header)
{
	ws->in_frame = true;
	ws->opcode = header->opcode;
	ws->final = header->final;
	ws->remaining = header->length;
	if (is_control(header->opcode))
		return;
	if (!ws->in_message) {
		ws->in_message = true;
		ws->fragments = 0;
		ws->utf8 = CHAT_UTF8_ACCEPT;
		ws->binary = header->opcode == CHAT_WS_BINARY;
	}
	ws->fragments++;
}

/* Collects a header that is received in pieces. Returns its length, or 0 if it is not complete. */
static size_t
collect_header(struct chat_ws *ws, struct chat_ws_head *header, struct chat_span *input)
{
	size_t size = 0;

	while (size == 0 && input->len > 0) {
		ws->header[ws->header_len++] = (unsigned char)*input->at;
		advance(input, 1);
		size = chat_ws_head_read(header, (const char *)ws->header, ws->header_len);
	}
	return size;
}

/* Reads the next header. If it is complete, begins its frame and sets *head to its bytes. Returns
 * CHAT_WS_WANT_MORE, or CHAT_WS_FAILED. */
static enum chat_ws_event
read_header(struct chat_ws *ws, const struct chat_ws_limits *limits, struct chat_span *input,
	struct chat_span *head)
{
	struct chat_ws_head header;
	enum chat_ws_failure failure;
	size_t size = ws->header_len == 0 ? chat_ws_head_read(&header, input->at, input->len) : 0;

	*head = (struct chat_span){input->at, size};
	if (size > 0) {
		advance(input, size);
	} else {
		size = collect_header(ws, &header, input);
		if (size == 0)
			return CHAT_WS_WANT_MORE;
		*head = (struct chat_span){(const char *)ws->header, size};
		ws->header_len = 0;
	}
	failure = check_header(ws, &header, limits);
	if (failure != CHAT_WS_FAILURE_NONE)
		return fail(ws, failure);
	begin_frame(ws, &header);
	return CHAT_WS_WANT_MORE;
}

/* Moves a collected payload to the pool, which frees it at the next chat_ws_next. */
static void
yield_collected(struct chat_ws *ws, struct chat_ws_pool *pool)
{
	pool->yielded = ws->message;
	ws->message = (struct chat_buf){0};
}

static enum chat_ws_event
take_close(struct chat_ws *ws, struct chat_span *payload)
{
	const unsigned char *byte = (const unsigned char *)payload->at;

	if (payload->len == 1)
		return fail(ws, CHAT_WS_FAILURE_CLOSE_PAYLOAD);
	ws->close_code = CHAT_WS_CLOSE_NONE;
	if (payload->len > 0) {
		ws->close_code = (uint16_t)(byte[0] << 8 | byte[1]);
		if (!chat_ws_close_code_valid(ws->close_code))
			return fail(ws, CHAT_WS_FAILURE_CLOSE_CODE);
		advance(payload, 2);
		if (chat_utf8_check(payload->at, payload->len) != payload->len)
			return fail(ws, CHAT_WS_FAILURE_UTF8);
	}
	ws->ended = true;
	return CHAT_WS_GOT_CLOSE;
}

static enum chat_ws_event
take_control(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span piece,
	struct chat_span *payload)
{
	*payload = piece;
	if (ws->in_frame || ws->control_len > 0) {
		chat_buf_append_span(&ws->message, piece);
		ws->control_len += (uint8_t)piece.len;
		if (ws->in_frame)
			return CHAT_WS_WANT_MORE;
		ws->message.len -= ws->control_len;
		*payload = (struct chat_span){ws->message.at + ws->message.len, ws->control_len};
		ws->control_len = 0;
		if (!ws->in_message)
			yield_collected(ws, pool);
	}
	if (ws->opcode == CHAT_WS_CLOSE)
		return take_close(ws, payload);
	return ws->opcode == CHAT_WS_PING ? CHAT_WS_GOT_PING : CHAT_WS_GOT_PONG;
}

/* Returns false if a piece of the message is not UTF-8. A binary message need not be. */
static bool
check_piece(struct chat_ws *ws, struct chat_span piece, bool last)
{
	if (ws->binary)
		return true;
	if (last && ws->message.len == 0)
		return chat_utf8_check(piece.at, piece.len) == piece.len;
	ws->utf8 = chat_utf8_feed(ws->utf8, piece.at, piece.len);
	return ws->utf8 != CHAT_UTF8_REJECT && (!last || ws->utf8 == CHAT_UTF8_ACCEPT);
}

static enum chat_ws_event
take_data(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span piece, size_t ahead,
	struct chat_span *payload)
{
	bool last = !ws->in_frame && ws->final;

	if (!check_piece(ws, piece, last))
		return fail(ws, CHAT_WS_FAILURE_UTF8);
	if (last &&
		ws->message.len == 0) { /* piece is the whole message, in wslay's buffer or ours */
		*payload = piece;
	} else {
		if (piece.len > 0) {
			chat_buf_reserve(&ws->message, piece.len + ahead);
			chat_buf_append_span(&ws->message, piece);
		}
		if (!last)
			return CHAT_WS_WANT_MORE;
		yield_collected(ws, pool);
		*payload = chat_buf_span(&pool->yielded);
	}
	chat_buf_free(&ws->message);
	ws->in_message = false;
	return ws->binary ? CHAT_WS_GOT_BINARY : CHAT_WS_MESSAGE;
}

/*
 * Lets wslay read a piece of the payload, at most 4 KiB. head: the bytes of the header if wslay has
 * not read the header of this frame yet, else empty.
 */
static enum chat_ws_event
read_payload(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span head,
	struct chat_span *input, struct chat_span *payload)
{
	struct wslay_frame_iocb frame;
	struct chat_span piece;
	size_t offered = input->len < ws->remaining ? input->len : (size_t)ws->remaining;
	struct chat_span body = {input->at, offered};
	ssize_t got;

	if (!ws->frames)
		ws->frames = take_context(pool);
	got = wslay_read(pool, ws->frames, &head, &body, &frame);
	advance(input, offered - body.len);
	if (got == WSLAY_ERR_WANT_READ)
		return CHAT_WS_WANT_MORE;
	if (got < 0)
		return fail(ws, CHAT_WS_FAILURE_HEADER);
	piece = (struct chat_span){(const char *)frame.data, frame.data_length};
	ws->remaining -= piece.len;
	if (ws->remaining == 0) {
		ws->in_frame = false;
		return_context(ws, pool);
	}
	if (is_control(ws->opcode))
		return take_control(ws, pool, piece, payload);
	return take_data(ws, pool, piece, body.len, payload);
}

/*
 * Returns true if the frame whose header was read is a whole short text, and in the input. If its
 * length does not have the shortest form, wslay refuses it.
 */
static bool
is_whole_text(const struct chat_ws *ws, struct chat_span head, struct chat_span input)
{
	size_t key = ws->client ? 0 : 4, shortest = (ws->remaining < 126 ? 2 : 4) + key;

	return ws->opcode == CHAT_WS_TEXT && ws->final && head.len == shortest &&
		ws->remaining <= (ws->client ? UINT16_MAX : WHOLE_MAX) &&
		ws->remaining <= input.len;
}

static enum chat_ws_event
take_whole(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span head,
	struct chat_span *input, struct chat_span *payload)
{
	struct chat_span text = {input->at, (size_t)ws->remaining};

	if (!ws->client) {
		chat_ws_copy_masked(pool->whole, text, head.at + head.len - 4);
		text.at = pool->whole;
	}
	advance(input, text.len);
	ws->remaining = 0;
	ws->in_frame = false;
	return take_data(ws, pool, text, 0, payload);
}

enum chat_ws_event
chat_ws_next(struct chat_ws *ws, struct chat_ws_pool *pool, const struct chat_ws_limits *limits,
	struct chat_span *input, struct chat_span *payload)
{
	enum chat_ws_event event = CHAT_WS_WANT_MORE;

	*payload = (struct chat_span){0};
	chat_buf_free(&pool->yielded);
	if (ws->ended)
		advance(input, input->len);
	while (event == CHAT_WS_WANT_MORE && input->len > 0) {
		struct chat_span head = {0};

		if (!ws->in_frame)
			event = read_header(ws, limits, input, &head);
		if (event != CHAT_WS_WANT_MORE || !ws->in_frame)
			continue;
		event = is_whole_text(ws, head, *input)
			? take_whole(ws, pool, head, input, payload)
			: read_payload(ws, pool, head, input, payload);
	}
	return event;
}

const char *
chat_ws_failure_text(const struct chat_ws *ws)
{
	return chat_ws_failure_sentence(ws->failure);
}

bool
chat_ws_idle(const struct chat_ws *ws)
{
	return ws->header_len == 0 && !ws->in_frame && !ws->in_message;
}

size_t
chat_ws_memory(const struct chat_ws *ws)
{
	return malloc_usable_size(ws->frames) + malloc_usable_size(ws->message.at);
}

bool
chat_ws_close_code_valid(uint16_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
		(code >= 3000 && code <= 4999);
}
