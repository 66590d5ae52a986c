#ifndef CHAT_WIRE_WS_FAILURE_H
#define CHAT_WIRE_WS_FAILURE_H

#include <stdint.h>

/*
 * Violations of the framing rules (RFC 6455) by a peer. chat_ws_failure_code() returns the Close
 * code of each, chat_ws_failure_sentence() the sentence.
 */
enum chat_ws_failure {
	CHAT_WS_FAILURE_NONE,
	CHAT_WS_FAILURE_RESERVED,
	CHAT_WS_FAILURE_OPCODE,
	CHAT_WS_FAILURE_UNMASKED,
	CHAT_WS_FAILURE_MASKED,
	CHAT_WS_FAILURE_CONTINUATION,
	CHAT_WS_FAILURE_INTERLEAVED,
	CHAT_WS_FAILURE_BINARY,
	CHAT_WS_FAILURE_FRAGMENTS,
	CHAT_WS_FAILURE_TOO_BIG,
	CHAT_WS_FAILURE_HEADER,
	CHAT_WS_FAILURE_UTF8,
	CHAT_WS_FAILURE_CLOSE_PAYLOAD,
	CHAT_WS_FAILURE_CLOSE_CODE
};

uint16_t chat_ws_failure_code(enum chat_ws_failure failure);
const char *chat_ws_failure_sentence(enum chat_ws_failure failure);

#endif
