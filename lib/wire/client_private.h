#ifndef CHAT_WIRE_CLIENT_PRIVATE_H
#define CHAT_WIRE_CLIENT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"
#include "wire/http.h"
#include "wire/transport.h"
#include "wire/url.h"
#include "wire/ws.h"

/*
 * Shared by client.c and client_handshake.c.
 */
#define CHAT_CLIENT_READ_BYTES 65536 /* the most bytes of one read */
#define CHAT_CLIENT_PIECE_BYTES 16384 /* the most bytes of one write */

enum chat_client_state {
	CHAT_CLIENT_CONNECTING,
	CHAT_CLIENT_HANDSHAKE,
	CHAT_CLIENT_OPEN,
	CHAT_CLIENT_ENDED
};

struct chat_client {
	struct chat_transport *transport;
	struct chat_ws_pool *pool;
	struct chat_ws ws;
	struct chat_ws_limits limits;
	struct chat_ws_masks masks;
	enum chat_client_state state; /* never set to an earlier one */
	bool secure; /* the connection uses TLS */
	bool closing; /* our Close is queued; no frame may follow it */
	bool mute; /* sending has failed; messages received before can still be read */
	bool unread; /* bytes may be buffered, although poll(2) does not report them */
	uint32_t pings,
		ponged; /* the numbers of the last ping, and of the last that was answered */
	int64_t deadline_ms; /* for the whole opening; valid until it is open */
	int64_t received_ms; /* the time of the last bytes received, or of chat_client_open */
	char key[CHAT_HTTP_KEY_LEN + 1];
	size_t scanned; /* for chat_http_head_len */
	size_t refusal_len; /* the length of the head of the refusal; 0: no refusal was received */
	enum chat_code refusal_code; /* valid if refusal_len is not 0 */
	struct chat_err end; /* the reason of the end; valid if mute or ended */
	struct chat_buf queue; /* bytes to send after those in piece */
	size_t taken; /* the number of bytes of queue that were copied into piece */
	size_t piece_at, piece_len; /* the number of bytes of piece that were sent, and of all */
	struct chat_span input; /* the part of `bytes` that was received and is not consumed */
	char piece[CHAT_CLIENT_PIECE_BYTES]; /* a copy, because a repeated TLS write needs the same
						bytes at the same address */
	char bytes[CHAT_CLIENT_READ_BYTES];
};

/*
 * Defined in client.c.
 */

/* Ends the connection; client->end must contain the reason. Returns -1. */
int chat_client_end(struct chat_client *client);

/* Sends queued bytes without blocking. Returns 0, or -1 if sending has failed. */
int chat_client_send_queue(struct chat_client *client);

/* Reads more bytes and appends them to client->input. Returns as chat_transport_read. */
ssize_t chat_client_read(struct chat_client *client);

/*
 * Defined in client_handshake.c.
 */

/* Queues the request. Returns 0, or -1 with CHAT_USAGE if the URL has a character that is not
 * allowed. */
int chat_client_queue_request(
	struct chat_client *client, const struct chat_url *url, struct chat_err *err);

/* Continues to connect and to do the handshake. Returns 0, or -1 if it failed and client->end is
 * set. */
int chat_client_go_on_opening(struct chat_client *client);

#endif
