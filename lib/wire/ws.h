#ifndef CHAT_WIRE_WS_H
#define CHAT_WIRE_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "text/buf.h"

struct wslay_frame_context;

/*
 * WebSocket framing (RFC 6455 section 5) for servers and clients. Receiving uses wslay's frame
 * layer, checks limits and UTF-8, and joins fragments. Sending puts a header in front of a payload.
 *
 * A receiver has allocated memory only while a frame or a message is incomplete. Between messages
 * chat_ws_idle() returns true, and the receiver is only this structure.
 */
enum chat_ws_role {
	CHAT_WS_SERVER, /* expects masked frames */
	CHAT_WS_CLIENT /* expects unmasked frames */
};

enum chat_ws_opcode {
	CHAT_WS_CONTINUATION = 0x0,
	CHAT_WS_TEXT = 0x1,
	CHAT_WS_BINARY = 0x2,
	CHAT_WS_CLOSE = 0x8,
	CHAT_WS_PING = 0x9,
	CHAT_WS_PONG = 0xA
};

/* The result of chat_ws_next. */
enum chat_ws_event {
	CHAT_WS_WANT_MORE, /* all bytes were consumed, and there is no event */
	CHAT_WS_MESSAGE, /* the payload is a whole text message, valid UTF-8 */
	CHAT_WS_GOT_BINARY, /* the payload is a whole binary message; only with limits->binary */
	CHAT_WS_GOT_PING, /* the caller must send the payload back in a pong */
	CHAT_WS_GOT_PONG,
	CHAT_WS_GOT_CLOSE, /* close_code is the code received, 1005 if the Close has none; the
			      payload is the reason, valid UTF-8 */
	CHAT_WS_FAILED /* close_code is the code to send: 1002, 1003, 1007, 1008 or 1009 */
};

/*
 * A receiver. A zero-initialised receiver is one of a server. close_code is the only field that
 * callers may read. Between frames `frames` is NULL; between messages `message` is empty.
 */
struct chat_ws {
	struct wslay_frame_context *frames; /* of the incomplete frame */
	struct chat_buf message; /* the part of the message received so far, then control_len bytes
				  */
	uint64_t remaining; /* payload bytes of the incomplete frame that were not received yet */
	uint32_t utf8; /* the state of chat_utf8_feed for the incomplete message */
	uint32_t fragments; /* the number of frames of the incomplete message */
	uint16_t close_code; /* valid after CHAT_WS_GOT_CLOSE and CHAT_WS_FAILED */
	uint8_t opcode; /* of the incomplete frame */
	uint8_t failure; /* enum chat_ws_failure; valid after CHAT_WS_FAILED */
	uint8_t control_len; /* bytes of an incomplete control frame, at the end of `message` */
	uint8_t header_len; /* bytes of an incomplete header, in `header` */
	unsigned char header[14];
	bool client : 1;
	bool final : 1; /* the incomplete frame is the last of its message */
	bool in_frame : 1; /* a frame is incomplete: its header was read, but not all its payload */
	bool in_message : 1; /* a message is incomplete: its first frame has begun */
	bool binary : 1; /* the incomplete message is binary */
	bool ended : 1; /* after CHAT_WS_GOT_CLOSE or CHAT_WS_FAILED */
};

struct chat_ws_limits {
	size_t max_message_bytes; /* the header that makes a message longer fails with 1009 */
	uint32_t max_fragments; /* a message with more frames fails with 1008 */
	bool binary; /* binary messages are taken; else they fail with 1003 */
};

/*
 * The memory that the receivers of one thread share: a framing context of wslay. A receiver takes
 * the context while it has an incomplete frame. A thread needs one pool, which must outlive its
 * receivers.
 */
struct chat_ws_pool;

struct chat_ws_pool *chat_ws_pool_new(void);
void chat_ws_pool_free(struct chat_ws_pool *pool);

void chat_ws_init(struct chat_ws *ws, enum chat_ws_role role);
void chat_ws_free(struct chat_ws *ws, struct chat_ws_pool *pool);

/*
 * Consumes bytes up to the next event and moves *input past them. *payload is valid until the next
 * call with the same pool, or until the bytes of the input are changed. The caller must call it
 * until it returns CHAT_WS_WANT_MORE. After CHAT_WS_FAILED or CHAT_WS_GOT_CLOSE all bytes are
 * consumed and ignored.
 */
enum chat_ws_event chat_ws_next(struct chat_ws *ws, struct chat_ws_pool *pool,
	const struct chat_ws_limits *limits, struct chat_span *input, struct chat_span *payload);

/* Returns true if no frame and no message is incomplete. */
bool chat_ws_idle(const struct chat_ws *ws);

/* Returns the number of bytes that a receiver has allocated. */
size_t chat_ws_memory(const struct chat_ws *ws);

/*
 * Returns a sentence about the failure after CHAT_WS_FAILED, short enough for a Close. The string
 * is static.
 */
const char *chat_ws_failure_text(const struct chat_ws *ws);

/*
 * Writes the header of an unmasked, unfragmented frame. Returns its length: 2, 4 or 10. This and
 * the functions below, except the last one, are defined in ws_send.c.
 */
#define CHAT_WS_HEADER_MAX 14
size_t chat_ws_header(
	char header[CHAT_WS_HEADER_MAX], enum chat_ws_opcode opcode, uint64_t payload_bytes);

/* Copies bytes, masked or unmasked by the key (RFC 6455 section 5.3), whose first byte is theirs.
 */
void chat_ws_copy_masked(char *to, struct chat_span from, const char key[4]);

/* Random bytes for the masking keys of a client. A zero-initialised one is empty. */
struct chat_ws_masks {
	unsigned char block[256];
	size_t left; /* bytes at the start of block that were not used */
};

/*
 * Appends a whole frame: of a client, masked with a new key from masks, or of a server if masks is
 * NULL. Returns 0, or -1 with nothing appended if the frame exceeds the limit of the buffer.
 */
int chat_ws_append(struct chat_buf *out, struct chat_ws_masks *masks, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * Appends a Close frame; if code is 0, its payload is empty. reason may be NULL; it is cut to at
 * most 123 bytes, between two code points. Returns as chat_ws_append.
 */
int chat_ws_append_close(
	struct chat_buf *out, struct chat_ws_masks *masks, uint16_t code, const char *reason);

/*
 * Returns true if a frame may carry a close code (RFC 6455 section 7.4, IANA's registry): 1000 to
 * 1003, 1007 to 1014, 3000 to 4999.
 */
bool chat_ws_close_code_valid(uint16_t code);

#endif
