#ifndef UNIT_WS_FRAMES_H
#define UNIT_WS_FRAMES_H

/*
 * Frames as bytes, and the events that a receiver gives for them as text. Shared by ws.c, ws_send.c
 * and ws_pool.c.
 */
#include <stdlib.h>
#include <string.h>

#include "text/buf.h"
#include "wire/ws.h"

#define FRAMES_MAX 6
#define MESSAGE_MAX 100000
#define FRAGMENTS_MAX 4

static const struct chat_ws_limits limits = {
	.max_message_bytes = MESSAGE_MAX, .max_fragments = FRAGMENTS_MAX};

/* One frame: its first byte, its payload, and the form of its length (0: the shortest). */
struct frame {
	unsigned char first;
	const char *payload;
	size_t len;
	int form;
};

#define F(first, payload) \
	{ \
		first, payload, sizeof(payload) - 1, 0 \
	}
#define TEXT 0x81
#define FIRST 0x01
#define MIDDLE 0x00
#define LAST 0x80
#define CLOSE 0x88
#define PING 0x89
#define PONG 0x8A

/*
 * A list of frames and the expected results of chat_ws_next(): text(…), ping(…), close CODE(…),
 * failed CODE.
 */
static const struct {
	const char *name;
	struct frame frames[FRAMES_MAX];
	const char *want;
} cases[] = {
	{"a text", {F(TEXT, "hello")}, "text(hello)"},
	{"an empty text", {F(TEXT, "")}, "text()"},
	{"two texts", {F(TEXT, "one"), F(TEXT, "two")}, "text(one) text(two)"},
	{"a text in fragments", {F(FIRST, "he"), F(MIDDLE, "l"), F(LAST, "lo")}, "text(hello)"},
	{"empty fragments", {F(FIRST, ""), F(MIDDLE, ""), F(LAST, "")}, "text()"},
	{"an empty last fragment", {F(FIRST, "hello"), F(LAST, "")}, "text(hello)"},
	{"an empty first fragment", {F(FIRST, ""), F(LAST, "hello")}, "text(hello)"},
	{"controls between fragments",
		{F(FIRST, "he"), F(PING, "are you"), F(PONG, ""), F(LAST, "llo")},
		"ping(are you) pong() text(hello)"},
	{"a ping before any text of a message", {F(FIRST, ""), F(PING, "x"), F(LAST, "y")},
		"ping(x) text(y)"},
	{"a Close between fragments", {F(FIRST, "he"), F(CLOSE, "\x03\xe8"), F(LAST, "llo")},
		"close 1000()"},
	{"a message after a fragmented one", {F(FIRST, "a"), F(LAST, "b"), F(TEXT, "c")},
		"text(ab) text(c)"},

	{"a code point in two fragments", {F(FIRST, "\xe2\x82"), F(LAST, "\xac")},
		"text(\xe2\x82\xac)"},
	{"a code point around an empty fragment",
		{F(FIRST, "\xf0\x9f"), F(MIDDLE, ""), F(LAST, "\x99\x82")},
		"text(\xf0\x9f\x99\x82)"},
	{"a code point around a ping", {F(FIRST, "\xe2"), F(PING, "\xff"), F(LAST, "\x82\xac")},
		"ping(\xff) text(\xe2\x82\xac)"},
	{"not UTF-8", {F(TEXT, "a\xff")}, "failed 1007"},
	{"a surrogate", {F(TEXT, "\xed\xa0\x80")}, "failed 1007"},
	{"half a code point", {F(TEXT, "a\xe2\x82")}, "failed 1007"},
	{"half a code point at the last fragment", {F(FIRST, "a"), F(LAST, "\xe2\x82")},
		"failed 1007"},
	{"not UTF-8 fails at its fragment", {F(FIRST, "\xc0"), F(PING, "late")}, "failed 1007"},

	{"a ping", {F(PING, "payload")}, "ping(payload)"},
	{"an empty ping and pong", {F(PING, ""), F(PONG, "")}, "ping() pong()"},
	{"a pong", {F(PONG, "payload")}, "pong(payload)"},
	{"a ping in fragments", {F(0x09, "x")}, "failed 1002"},
	{"a Close in fragments", {F(0x08, "\x03\xe8")}, "failed 1002"},

	{"RSV1", {F(0xC1, "x")}, "failed 1002"},
	{"RSV2", {F(0xA1, "x")}, "failed 1002"},
	{"RSV3", {F(0x91, "x")}, "failed 1002"},
	{"RSV1 on a ping", {F(0xC9, "x")}, "failed 1002"},
	{"RSV1 on a continuation", {F(FIRST, "x"), F(0xC0, "x")}, "failed 1002"},
	{"opcode 3", {F(0x83, "x")}, "failed 1002"},
	{"opcode 4", {F(0x84, "x")}, "failed 1002"},
	{"opcode 5", {F(0x85, "x")}, "failed 1002"},
	{"opcode 6", {F(0x86, "x")}, "failed 1002"},
	{"opcode 7", {F(0x87, "")}, "failed 1002"},
	{"opcode 11", {F(0x8B, "x")}, "failed 1002"},
	{"opcode 12", {F(0x8C, "x")}, "failed 1002"},
	{"opcode 13", {F(0x8D, "x")}, "failed 1002"},
	{"opcode 14", {F(0x8E, "x")}, "failed 1002"},
	{"opcode 15", {F(0x8F, "")}, "failed 1002"},
	{"a binary message", {F(0x82, "x")}, "failed 1003"},
	{"a binary fragment", {F(0x02, "x")}, "failed 1003"},
	{"a continuation of nothing", {F(LAST, "x")}, "failed 1002"},
	{"a continuation after the last", {F(FIRST, "a"), F(LAST, "b"), F(LAST, "c")},
		"text(ab) failed 1002"},
	{"a text inside a text", {F(FIRST, "a"), F(TEXT, "b")}, "failed 1002"},
	{"a binary inside a text", {F(FIRST, "a"), F(0x82, "b")}, "failed 1002"},
	{"a failure after a text", {F(TEXT, "a"), F(0x83, "")}, "text(a) failed 1002"},
	{"nothing is read after a failure", {F(0x83, ""), F(TEXT, "a")}, "failed 1002"},

	{"as many fragments as may be",
		{F(FIRST, "a"), F(MIDDLE, "b"), F(MIDDLE, "c"), F(LAST, "d")}, "text(abcd)"},
	{"a fragment too many",
		{F(FIRST, "a"), F(MIDDLE, ""), F(MIDDLE, ""), F(MIDDLE, ""), F(LAST, "")},
		"failed 1008"},
	{"pings are no fragments",
		{F(FIRST, "a"), F(PING, ""), F(PING, ""), F(MIDDLE, ""), F(PING, ""), F(LAST, "")},
		"ping() ping() ping() text(a)"},

	{"a Close without a code", {F(CLOSE, "")}, "close 1005()"},
	{"a Close with half a code", {F(CLOSE, "\x03")}, "failed 1002"},
	{"a Close", {F(CLOSE, "\x03\xe8")}, "close 1000()"},
	{"a Close with a reason", {F(CLOSE, "\x03\xe9over")}, "close 1001(over)"},
	{"a Close with a reason that is not UTF-8", {F(CLOSE, "\x03\xe8\xff")}, "failed 1007"},
	{"nothing is read after a Close", {F(CLOSE, "\x03\xe8"), F(TEXT, "a")}, "close 1000()"},
	{"a text, then a Close", {F(TEXT, "a"), F(CLOSE, "\x03\xe8")}, "text(a) close 1000()"},

	{"a length of 5 in two bytes", {{TEXT, "hello", 5, 126}}, "failed 1002"},
	{"a length of 5 in eight bytes", {{TEXT, "hello", 5, 127}}, "failed 1002"},
	{"a control's length in two bytes", {{PING, "hello", 5, 126}}, "failed 1002"},
};

static inline uint64_t
next_random(void)
{
	static uint64_t state = 0x9E3779B97F4A7C15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static inline void
append_frame(struct chat_buf *out, const struct frame *frame, bool masked)
{
	static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
	unsigned char header[14] = {frame->first};
	int form = frame->form != 0  ? frame->form
		: frame->len < 126   ? 0
		: frame->len < 65536 ? 126
				     : 127;
	size_t extended = form == 127 ? 8 : form == 126 ? 2 : 0;

	header[1] = (unsigned char)((form == 0 ? frame->len : (size_t)form) | (masked ? 0x80 : 0));
	for (size_t i = 0; i < extended; i++)
		header[2 + i] = (unsigned char)((uint64_t)frame->len >> (8 * (extended - 1 - i)));
	chat_buf_append(out, header, 2 + extended);
	if (masked)
		chat_buf_append(out, key, 4);
	for (size_t i = 0; i < frame->len; i++) {
		char byte = (char)(frame->payload[i] ^ (masked ? key[i % 4] : 0));
		chat_buf_append(out, &byte, 1);
	}
}

static inline void
note(struct chat_buf *log, const struct chat_ws *ws, enum chat_ws_event event,
	struct chat_span payload)
{
	static const char *const words[] = {[CHAT_WS_MESSAGE] = "text",
		[CHAT_WS_GOT_PING] = "ping",
		[CHAT_WS_GOT_PONG] = "pong"};
	const char *space = log->len == 0 ? "" : " ";

	if (event == CHAT_WS_FAILED)
		chat_buf_printf(log, "%sfailed %d", space, ws->close_code);
	else if (event == CHAT_WS_GOT_CLOSE)
		chat_buf_printf(log, "%sclose %d(%.*s)", space, ws->close_code, (int)payload.len,
			payload.at);
	else
		chat_buf_printf(
			log, "%s%s(%.*s)", space, words[event], (int)payload.len, payload.at);
}

/* Feeds one piece, copied to memory that ends behind it. */
static inline void
feed(struct chat_ws *ws, struct chat_ws_pool *pool, struct chat_span piece, struct chat_buf *log)
{
	char *copy = malloc(piece.len > 0 ? piece.len : 1);
	struct chat_span input = {copy, piece.len}, payload;
	enum chat_ws_event event;

	if (!copy)
		abort();
	if (piece.len > 0)
		memcpy(copy, piece.at, piece.len);
	while ((event = chat_ws_next(ws, pool, &limits, &input, &payload)) != CHAT_WS_WANT_MORE)
		note(log, ws, event, payload);
	if (input.len != 0)
		chat_buf_append_string(log, " LEFT OVER");
	free(copy);
}

/* Returns the events of these bytes, which the caller frees. cut is 0: one piece; 1: pieces of one
 * byte; else random pieces. */
static inline char *
receive(enum chat_ws_role role, struct chat_span bytes, int cut)
{
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_buf log = {0};
	struct chat_ws ws;

	chat_ws_init(&ws, role);
	while (bytes.len > 0) {
		size_t len = cut == 0 ? bytes.len : cut == 1 ? 1 : 1 + next_random() % bytes.len;

		feed(&ws, pool, (struct chat_span){bytes.at, len}, &log);
		bytes = (struct chat_span){bytes.at + len, bytes.len - len};
	}
	chat_ws_free(&ws, pool);
	chat_ws_pool_free(pool);
	chat_buf_append(&log, "", 1);
	return log.at;
}

#endif
