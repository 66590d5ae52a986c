/*
 * The Close code and the sentence for each violation of the framing rules. ws.c finds the
 * violation.
 */
#include "wire/ws_failure.h"

enum {
	CLOSE_PROTOCOL = 1002,
	CLOSE_UNSUPPORTED = 1003,
	CLOSE_NOT_UTF8 = 1007,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009
};

static const struct {
	uint16_t close_code;
	const char *text;
} failures[] = {
	[CHAT_WS_FAILURE_NONE] = {0, "no failure"},
	[CHAT_WS_FAILURE_RESERVED] = {CLOSE_PROTOCOL, "a frame with reserved bits set"},
	[CHAT_WS_FAILURE_OPCODE] = {CLOSE_PROTOCOL, "a frame of an unknown opcode"},
	[CHAT_WS_FAILURE_UNMASKED] = {CLOSE_PROTOCOL, "a frame that is not masked"},
	[CHAT_WS_FAILURE_MASKED] = {CLOSE_PROTOCOL, "a frame that is masked"},
	[CHAT_WS_FAILURE_CONTINUATION] = {CLOSE_PROTOCOL, "a continuation of no message"},
	[CHAT_WS_FAILURE_INTERLEAVED] = {CLOSE_PROTOCOL, "a message begun inside another"},
	[CHAT_WS_FAILURE_BINARY] = {CLOSE_UNSUPPORTED, "a binary message"},
	[CHAT_WS_FAILURE_FRAGMENTS] = {CLOSE_POLICY, "a message in too many fragments"},
	[CHAT_WS_FAILURE_TOO_BIG] = {CLOSE_TOO_BIG, "a message that is too big"},
	[CHAT_WS_FAILURE_HEADER] = {CLOSE_PROTOCOL,
		"a control frame too long or in fragments, or a wrong length"},
	[CHAT_WS_FAILURE_UTF8] = {CLOSE_NOT_UTF8, "a text that is not UTF-8"},
	[CHAT_WS_FAILURE_CLOSE_PAYLOAD] = {CLOSE_PROTOCOL, "a Close frame with half a code"},
	[CHAT_WS_FAILURE_CLOSE_CODE] = {CLOSE_PROTOCOL,
		"a Close frame with a code that none may carry"},
};

uint16_t
chat_ws_failure_code(enum chat_ws_failure failure)
{
	return failures[failure].close_code;
}

const char *
chat_ws_failure_sentence(enum chat_ws_failure failure)
{
	return failures[failure].text;
}
