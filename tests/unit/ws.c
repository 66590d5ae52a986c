/*
 * Receiving frames by the rules of RFC 6455 section 5: each case for both roles, as a whole, byte
 * by byte and in random pieces. Every piece has an allocation of its own, so that a read beyond it
 * is found.
 */
#include "wire/ws.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"
#include "ws_frames.h"

#define RANDOM_RUNS 20

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
	static const struct chat_ws_limits wide = {
		.max_message_bytes = SIZE_MAX, .max_fragments = UINT32_MAX};
	struct chat_span tebibyte = CHAT_SPAN("\x81\x7f\0\0\1\0\0\0\0\0");
	struct chat_span gibibyte = CHAT_SPAN("\x81\x7f\0\0\0\0\x40\0\0\0");
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
	is_int(feed_raw(&ws, pool, &wide, gibibyte), CHAT_WS_WANT_MORE, "without a limit it waits");
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

int
main(void)
{
	test_cases();
	test_masks();
	test_close_codes();
	test_sizes();
	test_message_limit();
	test_controls_at_125();
	test_announced();
	test_idle();
	test_consumes_exactly();
	return done();
}
