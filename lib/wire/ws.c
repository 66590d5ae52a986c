/*
 * WebSocket framing: bytes of a connection in, whole checked messages out, and frames for sending.
 * Stands between conn or client (bytes) and msg (JSON). The only file that knows wslay.
 *
 * wslay's frame layer reads ahead into its own 4 KiB as far as its callback gives. Here a frame's
 * end is found before wslay sees the frame, and the callback gives no byte past it: between frames
 * a context is clean, so that one serves all receivers of a pool, and the caller's input is
 * consumed exactly. A context stays with a receiver only while a payload is half read.
 */
#include "chat/ws.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/random.h>
#include <wslay/wslay.h>

#include "chat/utf8.h"

enum {
	CLOSE_PROTOCOL = 1002,
	CLOSE_UNSUPPORTED = 1003,
	CLOSE_NONE = 1005,
	CLOSE_NOT_UTF8 = 1007,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009,
	CLOSE_REASON_MAX = 123
};

enum failure {
	FAILURE_NONE,
	FAILURE_RESERVED,
	FAILURE_OPCODE,
	FAILURE_UNMASKED,
	FAILURE_MASKED,
	FAILURE_CONTINUATION,
	FAILURE_INTERLEAVED,
	FAILURE_BINARY,
	FAILURE_FRAGMENTS,
	FAILURE_TOO_BIG,
	FAILURE_HEADER,
	FAILURE_UTF8,
	FAILURE_CLOSE_PAYLOAD,
	FAILURE_CLOSE_CODE
};

static const struct {
	uint16_t close_code;
	const char *text;
} failures[] = {
	[FAILURE_NONE] = {0, "no failure"},
	[FAILURE_RESERVED] = {CLOSE_PROTOCOL, "a frame with reserved bits set"},
	[FAILURE_OPCODE] = {CLOSE_PROTOCOL, "a frame of an unknown opcode"},
	[FAILURE_UNMASKED] = {CLOSE_PROTOCOL, "a frame that is not masked"},
	[FAILURE_MASKED] = {CLOSE_PROTOCOL, "a frame that is masked"},
	[FAILURE_CONTINUATION] = {CLOSE_PROTOCOL, "a continuation of no message"},
	[FAILURE_INTERLEAVED] = {CLOSE_PROTOCOL, "a message begun inside another"},
	[FAILURE_BINARY] = {CLOSE_UNSUPPORTED, "a binary message"},
	[FAILURE_FRAGMENTS] = {CLOSE_POLICY, "a message in too many fragments"},
	[FAILURE_TOO_BIG] = {CLOSE_TOO_BIG, "a message that is too big"},
	[FAILURE_HEADER] = {CLOSE_PROTOCOL,
		"a control frame too long or in fragments, or a wrong length"},
	[FAILURE_UTF8] = {CLOSE_NOT_UTF8, "a text that is not UTF-8"},
	[FAILURE_CLOSE_PAYLOAD] = {CLOSE_PROTOCOL, "a Close frame with half a code"},
	[FAILURE_CLOSE_CODE] = {CLOSE_PROTOCOL, "a Close frame with a code that none may carry"},
};

/*
 * Receivers of many peers share a pool. The bytes of one of them are in it only while wslay reads
 * them, inside wslay_read().
 */
struct chat_ws_pool {
	struct wslay_frame_context *spare; /* empty; its buffer holds the payload yielded last */
	struct chat_buf yielded; /* or that payload is here, where it was collected */
	struct chat_span head,
		body; /* what wslay may read: a frame's header, bytes of its payload */
};

struct header {
	uint64_t length;
	uint8_t opcode;
	bool final, reserved, masked;
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
	if (pool == NULL)
		return;
	wslay_frame_context_free(pool->spare);
	chat_buf_free(&pool->yielded);
	free(pool);
}

/*
 * Has wslay read a header, if there is one, and payload bytes; both spans are moved past what it
 * took. Whatever comes of it, the pool keeps neither.
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
	if (frames == NULL && wslay_frame_context_init(&frames, &callbacks, pool) != 0)
		chat_out_of_memory();
	return frames;
}

/*
 * The one just used is kept, for the payload in it is about to be yielded. It is empty: it was
 * given no byte past the end of its frame, and it has yielded all of that.
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
	(void)pool; /* a context in the middle of a frame serves nobody else */
	wslay_frame_context_free(ws->frames);
	ws->frames = NULL;
	chat_buf_free(&ws->message);
}

static enum chat_ws_event
fail(struct chat_ws *ws, enum failure failure)
{
	wslay_frame_context_free(ws->frames);
	ws->frames = NULL;
	chat_buf_free(&ws->message);
	ws->failure = (uint8_t)failure;
	ws->close_code = failures[failure].close_code;
	ws->ended = true;
	return CHAT_WS_FAILED;
}

/* Reads a frame's header. Returns its bytes, or 0 when there are not enough yet. */
static size_t
parse_header(struct header *header, const char *at, size_t len)
{
	const unsigned char *byte = (const unsigned char *)at;
	size_t extended, size;

	if (len < 2)
		return 0;
	header->length = byte[1] & 0x7f;
	extended = header->length == 127 ? 8 : header->length == 126 ? 2 : 0;
	header->masked = (byte[1] & 0x80) != 0;
	size = 2 + extended + (header->masked ? 4 : 0);
	if (len < size)
		return 0;
	header->final = (byte[0] & 0x80) != 0;
	header->reserved = (byte[0] & 0x70) != 0;
	header->opcode = byte[0] & 0x0f;
	if (extended > 0)
		header->length = 0;
	for (size_t i = 0; i < extended; i++)
		header->length = header->length << 8 | byte[2 + i];
	return size;
}

static bool
is_control(uint8_t opcode)
{
	return (opcode & 0x8) != 0;
}

/* The rules for data frames; what wslay checks itself (the length's form) is left to it. */
static enum failure
check_data_header(
	const struct chat_ws *ws, const struct header *header, const struct chat_ws_limits *limits)
{
	uint32_t fragments = ws->in_message ? ws->fragments : 0;

	if (header->opcode == CHAT_WS_CONTINUATION && !ws->in_message)
		return FAILURE_CONTINUATION;
	if (header->opcode != CHAT_WS_CONTINUATION && ws->in_message)
		return FAILURE_INTERLEAVED;
	if (header->opcode == CHAT_WS_BINARY)
		return FAILURE_BINARY;
	if (header->length >> 63 != 0)
		return FAILURE_HEADER;
	if (fragments >= limits->max_fragments)
		return FAILURE_FRAGMENTS;
	if (ws->message.len > limits->max_message_bytes ||
		header->length > limits->max_message_bytes - ws->message.len)
		return FAILURE_TOO_BIG;
	return FAILURE_NONE;
}

static enum failure
check_header(
	const struct chat_ws *ws, const struct header *header, const struct chat_ws_limits *limits)
{
	if (header->reserved)
		return FAILURE_RESERVED;
	if ((header->opcode & 0x7) > 2)
		return FAILURE_OPCODE;
	if (header->masked == ws->client)
		return ws->client ? FAILURE_MASKED : FAILURE_UNMASKED;
	if (is_control(header->opcode))
		return FAILURE_NONE; /* wslay: at most 125 bytes, not in fragments */
	return check_data_header(ws, header, limits);
}

static void
begin_frame(struct chat_ws *ws, const struct header *header)
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
	}
	ws->fragments++;
}

/* Collects a header that does not lie whole in one input. 0: not complete yet. */
static size_t
collect_header(struct chat_ws *ws, struct header *header, struct chat_span *input)
{
	size_t size = 0;

	while (size == 0 && input->len > 0) {
		ws->header[ws->header_len++] = (unsigned char)*input->at;
		advance(input, 1);
		size = parse_header(header, (const char *)ws->header, ws->header_len);
	}
	return size;
}

/* Where the next header is complete: begins its frame, and *head is the header's bytes. */
static enum chat_ws_event
read_header(struct chat_ws *ws, const struct chat_ws_limits *limits, struct chat_span *input,
	struct chat_span *head)
{
	struct header header;
	enum failure failure;
	size_t size = ws->header_len == 0 ? parse_header(&header, input->at, input->len) : 0;

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
	if (failure != FAILURE_NONE)
		return fail(ws, failure);
	begin_frame(ws, &header);
	return CHAT_WS_WANT_MORE;
}

/* Ends a message or control frame whose payload was collected: the memory is the pool's now. */
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
		return fail(ws, FAILURE_CLOSE_PAYLOAD);
	ws->close_code = CLOSE_NONE;
	if (payload->len > 0) {
		ws->close_code = (uint16_t)(byte[0] << 8 | byte[1]);
		if (!chat_ws_close_code_valid(ws->close_code))
			return fail(ws, FAILURE_CLOSE_CODE);
		advance(payload, 2);
		if (chat_utf8_check(payload->at, payload->len) != payload->len)
			return fail(ws, FAILURE_UTF8);
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

static enum chat_ws_event
take_text(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span piece, size_t ahead,
	struct chat_span *payload)
{
	bool last = !ws->in_frame && ws->final;

	if (last && ws->message.len == 0) { /* all of it, where wslay has it */
		if (chat_utf8_check(piece.at, piece.len) != piece.len)
			return fail(ws, FAILURE_UTF8);
		*payload = piece;
	} else {
		ws->utf8 = chat_utf8_feed(ws->utf8, piece.at, piece.len);
		if (ws->utf8 == CHAT_UTF8_REJECT || (last && ws->utf8 != CHAT_UTF8_ACCEPT))
			return fail(ws, FAILURE_UTF8);
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
	return CHAT_WS_MESSAGE;
}

/*
 * Has wslay read a piece of the frame in progress, at most its 4 KiB; head: the frame's header
 * where it was just read.
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

	if (ws->frames == NULL)
		ws->frames = take_context(pool);
	got = wslay_read(pool, ws->frames, &head, &body, &frame);
	advance(input, offered - body.len);
	if (got == WSLAY_ERR_WANT_READ)
		return CHAT_WS_WANT_MORE;
	if (got < 0)
		return fail(ws, FAILURE_HEADER);
	piece = (struct chat_span){(const char *)frame.data, frame.data_length};
	ws->remaining -= piece.len;
	if (ws->remaining == 0) {
		ws->in_frame = false;
		return_context(ws, pool);
	}
	if (is_control(ws->opcode))
		return take_control(ws, pool, piece, payload);
	return take_text(ws, pool, piece, body.len, payload);
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
		if (event == CHAT_WS_WANT_MORE && ws->in_frame)
			event = read_payload(ws, pool, head, input, payload);
	}
	return event;
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

const char *
chat_ws_failure_text(const struct chat_ws *ws)
{
	return failures[ws->failure].text;
}

size_t
chat_ws_header(char header[CHAT_WS_HEADER_MAX], enum chat_ws_opcode opcode, uint64_t payload_bytes)
{
	size_t extended = payload_bytes < 126 ? 0 : payload_bytes <= UINT16_MAX ? 2 : 8;

	header[0] = (char)(0x80 | opcode);
	header[1] = (char)(extended == 0 ? payload_bytes : extended == 2 ? 126 : 127);
	for (size_t i = 0; i < extended; i++)
		header[2 + i] = (char)(payload_bytes >> (8 * (extended - 1 - i)));
	return 2 + extended;
}

static void
next_mask(struct chat_ws_masks *masks, char key[4])
{
	if (masks->left < 4) {
		/* As many bytes as this come whole or not at all (getrandom(2)). */
		while (getrandom(masks->block, sizeof(masks->block), 0) !=
			(ssize_t)sizeof(masks->block)) {
			if (errno != EINTR)
				abort();
		}
		masks->left = sizeof(masks->block);
	}
	masks->left -= 4;
	memcpy(key, masks->block + masks->left, 4);
}

static void
copy_masked(char *to, struct chat_span from, const char key[4])
{
	uint64_t wide_key, word;
	size_t i = 0;

	memcpy(&wide_key, key, 4);
	memcpy((char *)&wide_key + 4, key, 4);
	for (; i + sizeof(word) <= from.len; i += sizeof(word)) {
		memcpy(&word, from.at + i, sizeof(word));
		word ^= wide_key;
		memcpy(to + i, &word, sizeof(word));
	}
	for (; i < from.len; i++)
		to[i] = (char)(from.at[i] ^ key[i % 4]);
}

int
chat_ws_append(struct chat_buf *out, struct chat_ws_masks *masks, enum chat_ws_opcode opcode,
	struct chat_span payload)
{
	char header[CHAT_WS_HEADER_MAX];
	size_t size = chat_ws_header(header, opcode, payload.len);
	char *to;

	if (masks != NULL) {
		header[1] = (char)(header[1] | 0x80);
		next_mask(masks, header + size);
		size += 4;
	}
	to = chat_buf_reserve(out, size + payload.len);
	if (to == NULL)
		return -1;
	memcpy(to, header, size);
	if (masks != NULL)
		copy_masked(to + size, payload, header + size - 4);
	else if (payload.len > 0)
		memcpy(to + size, payload.at, payload.len);
	out->len += size + payload.len;
	return 0;
}

int
chat_ws_append_close(
	struct chat_buf *out, struct chat_ws_masks *masks, uint16_t code, const char *reason)
{
	char payload[2 + CLOSE_REASON_MAX] = {(char)(code >> 8), (char)code};
	size_t len = reason == NULL ? 0 : strlen(reason);

	if (code == 0)
		return chat_ws_append(out, masks, CHAT_WS_CLOSE, (struct chat_span){0});
	if (len > CLOSE_REASON_MAX) {
		len = CLOSE_REASON_MAX;
		while (len > 0 && (reason[len] & 0xC0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(payload + 2, reason, len);
	return chat_ws_append(out, masks, CHAT_WS_CLOSE, (struct chat_span){payload, 2 + len});
}

bool
chat_ws_close_code_valid(uint16_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
		(code >= 3000 && code <= 4999);
}
