#ifndef CHAT_WS_H
#define CHAT_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/span.h"

struct wslay_frame_context;

/*
 * WebSocket framing (RFC 6455 section 5) for servers and clients. Receiving uses wslay's frame
 * layer and adds limits, checks and the joining of fragments. Sending puts a header in front of a
 * payload.
 *
 * A receiver allocates memory only while a frame or a fragmented message is incomplete: between
 * messages chat_ws_idle() returns true and there is nothing but this structure.
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
	CHAT_WS_WANT_MORE, /* all bytes are consumed, without an event */
	CHAT_WS_MESSAGE, /* a whole text message, valid UTF-8 */
	CHAT_WS_GOT_PING, /* the payload must be sent back in a pong */
	CHAT_WS_GOT_PONG,
	CHAT_WS_GOT_CLOSE, /* close_code is the code received, 1005 for none; payload is the reason
			    */
	CHAT_WS_FAILED /* close_code is the code to send: 1002, 1003, 1007, 1008 or 1009 */
};

/*
 * A receiver. Zero-initialised it is a server's. Callers may only read close_code.
 * Between frames `frames` is NULL; between messages `message` is empty.
 */
struct chat_ws {
	struct wslay_frame_context *frames; /* of the frame in progress */
	struct chat_buf message; /* the message so far, then control_len bytes */
	uint64_t remaining; /* payload bytes of the frame in progress that have not come */
	uint32_t utf8; /* state of the check of the text in progress */
	uint32_t fragments; /* frames of the message in progress */
	uint16_t close_code;
	uint8_t opcode; /* of the frame in progress */
	uint8_t failure; /* the index of the sentence; valid after CHAT_WS_FAILED */
	uint8_t control_len; /* bytes of a control frame in progress, at the end of message */
	uint8_t header_len; /* bytes of a header in progress */
	unsigned char header[14];
	bool client : 1;
	bool final : 1; /* the frame in progress ends its message */
	bool in_frame : 1; /* its header was read, not all of its payload */
	bool in_message : 1; /* frames of a message were read, not its last */
	bool ended : 1; /* a Close came, or it failed */
};

struct chat_ws_limits {
	size_t max_message_bytes; /* a longer message fails with 1009 at its header */
	uint32_t max_fragments; /* a message of more frames fails with 1008 */
};

/*
 * The memory that the receivers of one thread share: a framing context, which only a receiver with
 * an incomplete frame needs for itself. There is one pool for each loop; it must outlive its
 * receivers.
 */
struct chat_ws_pool;

struct chat_ws_pool *chat_ws_pool_new(void);
void chat_ws_pool_free(struct chat_ws_pool *pool);

void chat_ws_init(struct chat_ws *ws, enum chat_ws_role role);
void chat_ws_free(struct chat_ws *ws, struct chat_ws_pool *pool);

/*
 * Consumes bytes up to the end of the next event and moves *input past them. *payload is valid
 * until the next call with the same pool. Call it again until it returns CHAT_WS_WANT_MORE. Bytes
 * after CHAT_WS_FAILED or CHAT_WS_GOT_CLOSE are consumed and ignored.
 */
enum chat_ws_event chat_ws_next(struct chat_ws *ws, struct chat_ws_pool *pool,
	const struct chat_ws_limits *limits, struct chat_span *input, struct chat_span *payload);

/* Returns true if no frame and no message is incomplete. */
bool chat_ws_idle(const struct chat_ws *ws);

/* Returns the bytes of memory that a receiver holds besides the structure. */
size_t chat_ws_memory(const struct chat_ws *ws);

/* Returns a sentence about CHAT_WS_FAILED, which fits into a Close. Static. */
const char *chat_ws_failure_text(const struct chat_ws *ws);

/*
 * Sending, defined in ws_send.c. Writes an unmasked header, as a server sends it. Returns its
 * length: 2, 4 or 10.
 */
#define CHAT_WS_HEADER_MAX 14
size_t chat_ws_header(
	char header[CHAT_WS_HEADER_MAX], enum chat_ws_opcode opcode, uint64_t payload_bytes);

/* Masking keys of a client, from the kernel in blocks. Zero-initialised it is empty. */
struct chat_ws_masks {
	unsigned char block[256];
	size_t left;
};

/*
 * Appends a whole frame: a client's, masked with a new key from masks, or a server's if masks is
 * NULL. Returns 0, or -1 at the limit of the buffer, with nothing appended.
 */
int chat_ws_append(struct chat_buf *out, struct chat_ws_masks *masks, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * Appends a Close frame; code 0 makes an empty one. reason may be NULL; it is cut to 123 bytes
 * between two code points. Returns as chat_ws_append.
 */
int chat_ws_append_close(
	struct chat_buf *out, struct chat_ws_masks *masks, uint16_t code, const char *reason);

/*
 * Returns true if a frame may carry a close code (RFC 6455 section 7.4, IANA's registry): 1000 to
 * 1003, 1007 to 1014, 3000 to 4999.
 */
bool chat_ws_close_code_valid(uint16_t code);

#endif
