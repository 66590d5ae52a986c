/* Sending frames: a receiver gets what was sent, masks differ, and a long reason is cut. */
#include "wire/ws.h"

#include <stdlib.h>

#include "tap.h"
#include "ws_frames.h"

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

int
main(void)
{
	test_append();
	test_append_masks();
	test_append_close();
	return done();
}
