/*
 * Framing by the rules of RFC 6455 section 5: each case for both roles, as a whole, byte by byte
 * and in random pieces. Every piece has an allocation of its own, so that a read beyond it is
 * found. Receivers that share a pool do not disturb each other.
 */
#include "chat/ws.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define FRAMES_MAX 6
#define MESSAGE_MAX 100000
#define FRAGMENTS_MAX 4
#define RANDOM_RUNS 20

static const struct chat_ws_limits limits = {MESSAGE_MAX, FRAGMENTS_MAX};

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

static uint64_t
next_random(void)
{
	static uint64_t state = 0x9E3779B97F4A7C15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void
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

static void
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
static void
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
static char *
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

static void
check_cuts(enum chat_ws_role role, struct chat_span bytes, const char *want, const char *name)
{
	const char *who = role == CHAT_WS_SERVER ? "server" : "client";

	for (int cut = 0; cut < 2 + RANDOM_RUNS; cut++) {
		char *log = receive(role, bytes, cut);

		if (cut < 2)
			is_str(log, want, "%s, %s: %s", who, cut == 0 ? "whole" : "in bytes", name);
		else if (strcmp(log, want) != 0)
			is_str(log, want, "%s, in random pieces: %s", who, name);
		free(log);
	}
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (int role = CHAT_WS_SERVER; role <= CHAT_WS_CLIENT; role++) {
			struct chat_buf bytes = {0};

			for (size_t j = 0; j < FRAMES_MAX && cases[i].frames[j].payload; j++)
				append_frame(&bytes, &cases[i].frames[j], role == CHAT_WS_SERVER);
			check_cuts(role, chat_buf_span(&bytes), cases[i].want, cases[i].name);
			chat_buf_free(&bytes);
		}
	}
}

static void
test_masks(void)
{
	struct frame frame = F(TEXT, "x");
	struct chat_buf bytes = {0};

	append_frame(&bytes, &frame, false);
	check_cuts(CHAT_WS_SERVER, chat_buf_span(&bytes), "failed 1002", "not masked");
	bytes.len = 0;
	append_frame(&bytes, &frame, true);
	check_cuts(CHAT_WS_CLIENT, chat_buf_span(&bytes), "failed 1002", "masked");
	chat_buf_free(&bytes);
}

static void
test_close_codes(void)
{
	static const struct {
		uint16_t from, to;
		bool valid;
	} ranges[] = {{0, 999, false}, {1000, 1003, true}, {1004, 1006, false}, {1007, 1014, true},
		{1015, 2999, false}, {3000, 4999, true}, {5000, 65535, false}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		uint16_t ends[2] = {ranges[i].from, ranges[i].to};

		for (int j = 0; j < 2; j++) {
			char payload[2] = {(char)(ends[j] >> 8), (char)ends[j]}, want[32], *log;
			struct frame frame = {CLOSE, payload, 2, 0};
			struct chat_buf bytes = {0};

			snprintf(want, sizeof(want), ranges[i].valid ? "close %d()" : "failed 1002",
				ends[j]);
			append_frame(&bytes, &frame, false);
			log = receive(CHAT_WS_CLIENT, chat_buf_span(&bytes), 0);
			is_str(log, want, "close code %d", ends[j]);
			free(log);
			chat_buf_free(&bytes);
		}
	}
}

/* Texts with each form of the length, below, at and over the limits. */
static void
test_sizes(void)
{
	static const size_t sizes[] = {125, 126, 127, 4081, 4082, 4096, 4097, 8192, 65535, 65536,
		MESSAGE_MAX, MESSAGE_MAX + 1};
	char *text = chat_alloc(MESSAGE_MAX + 1);

	for (size_t i = 0; i < MESSAGE_MAX + 1; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct frame frame = {TEXT, text, sizes[i], 0};
		struct chat_buf bytes = {0}, want = {0};
		char name[64];

		snprintf(name, sizeof(name), "a text of %zu bytes", sizes[i]);
		chat_buf_printf(&want, "text(%.*s)", (int)sizes[i], text);
		if (sizes[i] > MESSAGE_MAX) {
			want.len = 0;
			chat_buf_append_string(&want, "failed 1009");
		}
		chat_buf_append(&want, "", 1);
		append_frame(&bytes, &frame, true);
		check_cuts(CHAT_WS_SERVER, chat_buf_span(&bytes), want.at, name);
		chat_buf_free(&bytes);
		chat_buf_free(&want);
	}
	free(text);
}

static void
test_message_limit(void)
{
	char *half = chat_alloc_zeroed(1, MESSAGE_MAX);
	struct frame first = {FIRST, half, MESSAGE_MAX / 2, 0};
	struct frame last = {LAST, half, MESSAGE_MAX / 2 + 1, 0};
	struct chat_buf bytes = {0};

	append_frame(&bytes, &first, false);
	append_frame(&bytes, &last, false);
	check_cuts(CHAT_WS_CLIENT, chat_buf_span(&bytes), "failed 1009",
		"fragments that are too big together");
	chat_buf_free(&bytes);
	free(half);
}

static void
test_controls_at_125(void)
{
	char text[126], want[160];
	struct frame frame = {PING, text, 125, 0};
	struct chat_buf bytes = {0};

	memset(text, 'p', sizeof(text));
	append_frame(&bytes, &frame, true);
	snprintf(want, sizeof(want), "ping(%.125s)", text);
	check_cuts(CHAT_WS_SERVER, chat_buf_span(&bytes), want, "a ping of 125 bytes");
	bytes.len = 0;
	frame.len = 126;
	append_frame(&bytes, &frame, true);
	check_cuts(CHAT_WS_SERVER, chat_buf_span(&bytes), "failed 1002", "a ping of 126 bytes");
	bytes.len = 0;
	memcpy(text, "\x03\xe8", 2);
	frame = (struct frame){CLOSE, text, 125, 0};
	append_frame(&bytes, &frame, true);
	snprintf(want, sizeof(want), "close 1000(%.123s)", text + 2);
	check_cuts(CHAT_WS_SERVER, chat_buf_span(&bytes), want, "a reason of 123 bytes");
	chat_buf_free(&bytes);
}

static enum chat_ws_event
feed_raw(struct chat_ws *ws, struct chat_ws_pool *pool, const struct chat_ws_limits *bounds,
	struct chat_span bytes)
{
	struct chat_span payload;

	return chat_ws_next(ws, pool, bounds, &bytes, &payload);
}

/* An announced length takes no memory before its bytes arrive. */
static void
test_announced(void)
{
	static const struct chat_ws_limits wide = {SIZE_MAX, UINT32_MAX};
	struct chat_span tebibyte = CHAT_SPAN("\x81\x7f\0\0\1\0\0\0\0\0");
	struct chat_span negative = CHAT_SPAN("\x81\x7f\x80\0\0\0\0\1\0\0");
	struct chat_span shortened = CHAT_SPAN("\x81\x7f\0\0\0\0\0\0\xff\xff");
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_ws ws;

	chat_ws_init(&ws, CHAT_WS_CLIENT);
	is_int(feed_raw(&ws, pool, &limits, tebibyte), CHAT_WS_FAILED, "1 TiB fails at once");
	is_int(ws.close_code, 1009, "with 1009");
	ok(*chat_ws_failure_text(&ws) != '\0', "and a sentence: %s", chat_ws_failure_text(&ws));
	chat_ws_free(&ws, pool);

	chat_ws_init(&ws, CHAT_WS_CLIENT);
	is_int(feed_raw(&ws, pool, &wide, tebibyte), CHAT_WS_WANT_MORE, "without a limit it waits");
	is_int(ws.message.cap, 0, "and nothing is allocated for it");
	feed_raw(&ws, pool, &wide, CHAT_SPAN("0123456789"));
	ok(ws.message.cap <= 128, "nor much when some bytes came (%zu)", ws.message.cap);
	chat_ws_free(&ws, pool);

	chat_ws_init(&ws, CHAT_WS_CLIENT);
	is_int(feed_raw(&ws, pool, &wide, negative), CHAT_WS_FAILED, "the top bit of a length");
	is_int(ws.close_code, 1002, "is 1002");
	chat_ws_init(&ws, CHAT_WS_CLIENT);
	is_int(feed_raw(&ws, pool, &limits, shortened), CHAT_WS_FAILED, "65535 in eight bytes");
	is_int(ws.close_code, 1002, "is 1002");
	chat_ws_free(&ws, pool);
	chat_ws_pool_free(pool);
}

/* Only a receiver that has read a part of a payload holds a framing context. */
static void
test_idle(void)
{
	static struct chat_ws receivers[1000];
	const size_t count = sizeof(receivers) / sizeof(*receivers);
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_buf log = {0};
	size_t holding = 0;

	for (size_t i = 0; i < count; i++) {
		chat_ws_init(&receivers[i], CHAT_WS_CLIENT);
		feed(&receivers[i], pool, CHAT_SPAN("\x81\x05hel"), &log);
	}
	for (size_t i = 0; i < count; i++)
		holding += receivers[i].frames && !chat_ws_idle(&receivers[i]);
	is_int(holding, count, "in the middle of a payload each receiver holds a context");
	for (size_t i = 0; i < count; i++)
		feed(&receivers[i], pool, CHAT_SPAN("lo"), &log);
	is_int(log.len, count * strlen("text(hello) ") - 1, "all come to their end");
	holding = 0;
	for (size_t i = 0; i < count; i++)
		holding += receivers[i].frames || receivers[i].message.at ||
			!chat_ws_idle(&receivers[i]);
	is_int(holding, 0, "then nobody holds anything");
	feed(&receivers[0], pool, CHAT_SPAN("\x81\x7f\0\0\0"), &log);
	ok(!receivers[0].frames && !chat_ws_idle(&receivers[0]), "half a header needs no context");
	ok(sizeof(struct chat_ws) <= 80, "a receiver is %zu bytes", sizeof(struct chat_ws));
	for (size_t i = 0; i < count; i++)
		chat_ws_free(&receivers[i], pool);
	chat_buf_free(&log);
	chat_ws_pool_free(pool);
}

/* The input of the caller moves to the end of the frame of the event, and no further. */
static void
test_consumes_exactly(void)
{
	struct chat_span bytes = CHAT_SPAN("\x81\x03one\x81\x03two\x88");
	struct chat_ws_pool *pool = chat_ws_pool_new();
	struct chat_span input = bytes, payload;
	struct chat_ws ws;

	chat_ws_init(&ws, CHAT_WS_CLIENT);
	chat_ws_next(&ws, pool, &limits, &input, &payload);
	is_int(input.at - bytes.at, 5, "one event consumes one frame");
	ok(chat_span_equal(payload, CHAT_SPAN("one")), "and yields it");
	chat_ws_next(&ws, pool, &limits, &input, &payload);
	is_int(input.len, 1, "so does the next");
	chat_ws_free(&ws, pool);
	chat_ws_pool_free(pool);
}

static void
test_append(void)
{
	static const size_t sizes[] = {0, 1, 7, 8, 9, 125, 126, 65535, 65536, MESSAGE_MAX};
	struct chat_ws_masks masks = {0};
	char *text = chat_alloc(MESSAGE_MAX);

	memset(text, 'x', MESSAGE_MAX);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (int role = CHAT_WS_SERVER; role <= CHAT_WS_CLIENT; role++) {
			struct chat_buf frame = {0};
			struct chat_span payload = {text, sizes[i]};
			char *log;

			chat_ws_append(&frame, role == CHAT_WS_CLIENT ? &masks : NULL, CHAT_WS_TEXT,
				payload);
			log = receive(role == CHAT_WS_CLIENT ? CHAT_WS_SERVER : CHAT_WS_CLIENT,
				chat_buf_span(&frame), 0);
			ok(strlen(log) == sizes[i] + strlen("text()"),
				"role %d sends a text of %zu bytes", role, sizes[i]);
			free(log);
			chat_buf_free(&frame);
		}
	}
	free(text);
}

static void
test_append_masks(void)
{
	struct chat_ws_masks masks = {0};
	struct chat_buf a = {0}, b = {0}, small = {.limit = 10};

	chat_ws_append(&a, &masks, CHAT_WS_TEXT, CHAT_SPAN("hello"));
	chat_ws_append(&b, &masks, CHAT_WS_TEXT, CHAT_SPAN("hello"));
	ok(a.len == 11 && b.len == 11 && memcmp(a.at + 2, b.at + 2, 4) != 0,
		"each frame has a key of its own");
	is_int(chat_ws_append(&small, &masks, CHAT_WS_TEXT, CHAT_SPAN("hello")), -1,
		"a full buffer takes no frame");
	is_int(small.len, 0, "and no part of one");
	chat_buf_free(&a);
	chat_buf_free(&b);
	chat_buf_free(&small);
}

static void
test_append_close(void)
{
	struct chat_buf out = {0};
	char reason[200];
	char *log;

	chat_ws_append_close(&out, NULL, 0, "unsaid");
	ok(chat_span_equal(chat_buf_span(&out), CHAT_SPAN("\x88\0")), "an empty Close");
	out.len = 0;
	chat_ws_append_close(&out, NULL, 1001, NULL);
	ok(chat_span_equal(chat_buf_span(&out), CHAT_SPAN("\x88\2\x03\xe9")),
		"a Close with a code");
	out.len = 0;
	memset(reason, 'r', sizeof(reason));
	memcpy(reason + 121, "\xe2\x82\xac", 4);
	chat_ws_append_close(&out, NULL, 1008, reason);
	is_int(out.len, 2 + 2 + 121, "a reason is cut at the edge of a code point");
	log = receive(CHAT_WS_CLIENT, chat_buf_span(&out), 0);
	ok(strncmp(log, "close 1008(rrr", 14) == 0, "and arrives");
	free(log);
	chat_buf_free(&out);
}

/* ---- many receivers on one pool ---- */

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
	test_cases();
	test_masks();
	test_close_codes();
	test_sizes();
	test_message_limit();
	test_controls_at_125();
	test_announced();
	test_idle();
	test_consumes_exactly();
	test_append();
	test_append_masks();
	test_append_close();
	return done();
}
