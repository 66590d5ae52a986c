#ifndef CHAT_WS_H
#define CHAT_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/span.h"

struct wslay_frame_context;

/*
 * WebSocket framing (RFC 6455 section 5), both roles. Receiving is wslay's frame layer, fed from
 * the caller's bytes; what is joined, limited and checked on top of it is here. Sending is a header
 * in front of a payload, made once.
 *
 * A receiver costs memory only while a frame or a fragmented message is half read: between
 * messages chat_ws_idle() is true and it holds nothing but this structure.
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

/* What became of the fed bytes. */
enum chat_ws_event {
	CHAT_WS_WANT_MORE, /* all bytes are consumed */
	CHAT_WS_MESSAGE, /* a whole text message, valid UTF-8 */
	CHAT_WS_GOT_PING, /* payload to be sent back in a pong */
	CHAT_WS_GOT_PONG,
	CHAT_WS_GOT_CLOSE, /* close_code: as received, 1005 for none; payload: the reason, UTF-8 */
	CHAT_WS_FAILED /* close_code to send: 1002, 1003, 1007, 1008, 1009 */
};

/*
 * A receiver. Zero-initialised it is a server's. Callers read close_code alone.
 * Between frames `frames` is NULL; between messages `message` holds no memory.
 */
struct chat_ws {
	struct wslay_frame_context *frames; /* of the frame half read */
	struct chat_buf message; /* what came of it so far, then control_len bytes */
	uint64_t remaining; /* payload bytes of the frame in progress still to come */
	uint32_t utf8; /* state of the check of the text in progress */
	uint32_t fragments; /* frames of the message in progress */
	uint16_t close_code;
	uint8_t opcode; /* of the frame in progress */
	uint8_t failure; /* index of the sentence */
	uint8_t control_len; /* bytes of a control frame's payload in progress, at message's end */
	uint8_t header_len; /* bytes of a frame's header in progress */
	unsigned char header[14];
	bool client : 1;
	bool final : 1; /* the frame in progress ends its message */
	bool in_frame : 1; /* its header was read, not all of its payload */
	bool in_message : 1; /* frames of a message were read, not its last */
	bool ended : 1; /* by a Close or a failure */
};

struct chat_ws_limits {
	size_t max_message_bytes; /* over it: 1009, as soon as the length is announced */
	uint32_t max_fragments; /* frames of one message; over it: 1008 */
};

/*
 * What the receivers of one thread share: the framing context of the one that is being fed, so that
 * only a half-read frame keeps one to itself. Make one per loop; it outlives its receivers.
 */
struct chat_ws_pool;

struct chat_ws_pool *chat_ws_pool_new(void);
void chat_ws_pool_free(struct chat_ws_pool *pool);

void chat_ws_init(struct chat_ws *ws, enum chat_ws_role role);
void chat_ws_free(struct chat_ws *ws, struct chat_ws_pool *pool);

/*
 * Consumes bytes up to and including the next event, no byte more; *input is moved past them.
 * *payload is valid until the next call with the same pool. Call again until CHAT_WS_WANT_MORE.
 * What follows CHAT_WS_FAILED or CHAT_WS_GOT_CLOSE is consumed unread.
 */
enum chat_ws_event chat_ws_next(struct chat_ws *ws, struct chat_ws_pool *pool,
	const struct chat_ws_limits *limits, struct chat_span *input, struct chat_span *payload);

/* Nothing is half read. */
bool chat_ws_idle(const struct chat_ws *ws);

/* Bytes of memory that it holds besides the structure. */
size_t chat_ws_memory(const struct chat_ws *ws);

/* A sentence for CHAT_WS_FAILED, fit for a Close reason. Static. */
const char *chat_ws_failure_text(const struct chat_ws *ws);

/*
 * Sending. An unmasked header (server): returns its bytes, 2, 4 or 10.
 */
#define CHAT_WS_HEADER_MAX 14
size_t chat_ws_header(
	char header[CHAT_WS_HEADER_MAX], enum chat_ws_opcode opcode, uint64_t payload_bytes);

/* A client's masking keys, drawn from the kernel in blocks. Zero-initialised it is empty. */
struct chat_ws_masks {
	unsigned char block[256];
	size_t left;
};

/*
 * A whole frame appended: a client's, masked with a fresh key of masks, or a server's where masks
 * is NULL. -1 at the buffer's limit, nothing appended.
 */
int chat_ws_append(struct chat_buf *out, struct chat_ws_masks *masks, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * A Close frame; code 0 sends an empty one; reason (NULL: none) is cut to 123 bytes at the edge of
 * a code point.
 */
int chat_ws_append_close(
	struct chat_buf *out, struct chat_ws_masks *masks, uint16_t code, const char *reason);

/*
 * Whether a close code may stand in a frame (RFC 6455 section 7.4, IANA's registry):
 * 1000-1003, 1007-1014, 3000-4999.
 */
bool chat_ws_close_code_valid(uint16_t code);

#endif
