#ifndef CHAT_WIRE_CLIENT_PRIVATE_H
#define CHAT_WIRE_CLIENT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/http.h"
#include "chat/span.h"
#include "chat/transport.h"
#include "chat/url.h"
#include "chat/ws.h"

/*
 * Shared by client.c and client_handshake.c.
 */
#define CHAT_CLIENT_READ_BYTES 65536 /* of one read */
#define CHAT_CLIENT_PIECE_BYTES 16384 /* of one write */

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
	enum chat_client_state state; /* goes forward only */
	bool secure; /* the connection uses TLS */
	bool closing; /* our Close is queued; no frame may follow it */
	bool mute; /* sending has failed; messages that came before can still be read */
	bool unread; /* it is open, and bytes may be buffered that no descriptor shows */
	int64_t deadline_ms; /* until it is open */
	int64_t received_ms; /* when the last bytes came */
	char key[CHAT_HTTP_KEY_LEN + 1];
	size_t scanned; /* for chat_http_head_len */
	size_t refusal_len; /* the length of the head of a refusal, whose body is awaited; 0: none
			     */
	enum chat_code refusal_code; /* valid if refusal_len is not 0 */
	struct chat_err end; /* why; valid if mute or ended */
	struct chat_buf queue; /* bytes to be sent after those in piece */
	size_t taken; /* bytes of queue that were copied into piece */
	size_t piece_at, piece_len; /* bytes of piece that were sent, and all of them */
	struct chat_span input; /* the part of bytes that was read and not consumed */
	char piece[CHAT_CLIENT_PIECE_BYTES]; /* TLS needs the same bytes at the same address again
					      */
	char bytes[CHAT_CLIENT_READ_BYTES];
};

/*
 * Defined in client.c.
 */

/* Ends the connection; client->end says why. Returns -1. */
int chat_client_end(struct chat_client *client);

/* Sends queued bytes without blocking. Returns 0, or -1 if sending has failed. */
int chat_client_send_queue(struct chat_client *client);

/* Reads more bytes to the end of client->input. Returns as chat_transport_read. */
ssize_t chat_client_read(struct chat_client *client);

/*
 * Defined in client_handshake.c.
 */

/* Queues the request. Returns 0, or -1 with CHAT_USAGE. */
int chat_client_queue_request(
	struct chat_client *client, const struct chat_url *url, struct chat_err *err);

/* Goes on with connecting and the handshake. Returns 0, or -1 if it failed and has ended. */
int chat_client_go_on_opening(struct chat_client *client);

#endif
