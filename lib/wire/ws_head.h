#ifndef CHAT_WIRE_WS_HEAD_H
#define CHAT_WIRE_WS_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The header of a frame (RFC 6455 section 5.2). */
struct chat_ws_head {
	uint64_t length; /* of the payload, in bytes */
	uint8_t opcode;
	bool final, reserved, masked;
};

/* Reads a header, and checks nothing. Returns its length in bytes, or 0 if it is not complete. */
size_t chat_ws_head_read(struct chat_ws_head *header, const char *at, size_t len);

#endif
