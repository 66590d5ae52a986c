#ifndef SERVE_NET_CONN_H
#define SERVE_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/http.h"
#include "chat/span.h"
#include "chat/ws.h"
#include "serve/frame/block.h"
#include "serve/net/poller.h"
#include "serve/net/send_queue.h"
#include "serve/net/stream.h"
#include "serve/util/clock.h"

/*
 * A connection: one peer as bytes and WebSocket frames. It does the opening handshake, reads
 * frames, sends a queue of frames, and does the closing handshake. It does not know what a message
 * means: it tells its owner, a session, by the functions of struct conn_events.
 *
 * struct conns is the set of all connections of one loop, with what they share.
 *
 * A connection is never freed inside one of its own functions. conn_abort() closes it and calls
 * on_closed, exactly once; the next conns_flush() frees it.
 */
enum conn_state {
	CONN_HANDSHAKE, /* the TLS handshake, if there is TLS, and then the HTTP request head */
	CONN_OPEN,
	CONN_CLOSING, /* our Close or HTTP refusal is queued, or will be in this tick */
	CONN_DEAD /* TCP is closed; the next conns_flush() frees it */
};

/* The reasons not to read a connection, as bits. */
enum conn_pause {
	CONN_PAUSE_QUEUE = 1, /* too much waits to be sent to it */
	CONN_PAUSE_SESSION = 2, /* its session wants no message now */
	CONN_PAUSE_BACKPRESSURE = 4 /* too much waits for the disk */
};

struct conn;
struct tls;

/* The functions of the owner of the connections. Each of them may close the connection. */
struct conn_events {
	/*
	 * A valid WebSocket request arrived. Returns 101 to accept it, or the HTTP status to refuse
	 * it with; then it may set *why to a static sentence.
	 */
	int (*on_request)(
		struct conn *conn, const struct chat_http_request *request, const char **why);
	/* A text message arrived. It is valid UTF-8; its bytes are valid during the call. */
	void (*on_message)(struct conn *conn, struct chat_span text);
	/*
	 * The peer broke a rule of the protocol and will be closed with this code. A last frame can
	 * be queued.
	 */
	void (*on_violation)(struct conn *conn, uint16_t close_code, const char *text);
	/*
	 * All connections together have received too much of unfinished messages, and this one is
	 * closed for it. A last frame can be queued.
	 */
	void (*on_overload)(struct conn *conn, const char *text);
	/*
	 * The peer reads too slowly and will be closed. Its queue was emptied; a last frame can be
	 * queued.
	 */
	void (*on_slow_reader)(struct conn *conn, const char *text);
	/*
	 * The connection was refused with this HTTP status. With status 0 it was closed without an
	 * answer. For the log only.
	 */
	void (*on_rejection)(struct conn *conn, int status, const char *why);
	/*
	 * Returns who owns the connection, so that the connections of one owner are limited
	 * together. Returns NULL where the connection has no owner but itself.
	 */
	const void *(*owner)(const struct conn *conn);
	/* The queue was sent, after conn_notify_drained(). Nothing may be queued in this call. */
	void (*on_drained)(struct conn *conn);
	/*
	 * This connection's part of the turn is over; others may follow. No function of a
	 * connection is running, so work that gathered can be done.
	 */
	void (*on_turn_end)(struct conn *conn);
	/* The connection is closed. Drop every pointer to it. */
	void (*on_closed)(struct conn *conn);
	/* Frees the memory that was given to conn_start(). */
	void (*release)(struct conn *conn);
};

/* The receiving side of a connection (conn_handshake.c, conn_read.c). */
struct conn_input {
	struct chat_buf *head; /* the request head so far; NULL after the handshake */
	struct chat_ws *ws; /* the message that is partly received; NULL between messages */
	int64_t last_ms; /* when bytes arrived last */
	int64_t message_ms; /* while open: when the message in ws began to arrive; 0: no message */
	uint32_t memory_bytes; /* of head and ws, as counted in conns->received_bytes */
	uint8_t paused; /* bits of enum conn_pause; 0: the connection is read */
	bool pinged : 1; /* we sent a ping, and nothing has arrived since */
	bool trusted : 1; /* messages of the full size are accepted */
};

struct conn {
	struct stream stream;
	struct conns *conns; /* the set that it belongs to */
	struct conn *next, *prev; /* in conns->all; invalid once the connection is dead */
	int64_t since_ms; /* when the state began */
	struct conn_input in;

	/* Sending (conn_write.c, slow_reader.c). */
	struct send_queue queue; /* what is still to be sent */
	struct conn *next_flush; /* in conns->flush; the connection itself: it is not in the list */
	int64_t progress_ms; /* when bytes of the queue were sent last, or it began to wait */
	uint16_t answer_bytes; /* of the HTTP answer, not sent yet; the frames are behind it */
	uint8_t extra_queue_mib; /* by which the queue may exceed its limit until it is empty */
	bool batched : 1; /* a send of the queue's first run is in the send batch */
	bool notify_drained : 1; /* on_drained is to be called when the queue is empty */

	/* Closing (conn_close.c). */
	bool close_due : 1; /* our Close is queued at the end of this tick */
	bool close_received : 1; /* the peer's Close was read */
	bool finish : 1; /* the connection ends when the queue is empty; nothing more is read */
	uint8_t state; /* enum conn_state */
	uint8_t polled; /* the EPOLLIN and EPOLLOUT that the poller watches for */
	uint16_t close_code; /* of our Close; 0: it has none */
	const char *close_reason; /* of our Close, static; NULL: it has none */
};

/* The limits of every connection, and of all of them together. */
struct conn_limits {
	size_t max_message_bytes;
	size_t max_first_bytes; /* of a message before conn_trust() */
	uint32_t max_fragments; /* frames of one message */
	size_t queue_bytes; /* of one connection's send queue */
	size_t all_queues_bytes; /* of memory that all send queues hold */
	size_t all_received_bytes; /* of memory for all messages that are partly received */
	int64_t head_ms; /* from accept to the end of the request head */
	int64_t message_ms; /* from the first byte of a message to its last */
	int64_t close_ms; /* from our Close to the peer's */
	int64_t ping_ms; /* of silence until we send a ping */
	int64_t pong_ms; /* of silence after the ping until the peer counts as dead */
	int64_t progress_ms; /* in which at least one byte of a queue has to be sent */
};

struct conns {
	struct clock *clock;
	const struct conn_events *events;
	struct conn_limits limits;
	struct poller poller;

	struct conn *all; /* doubly linked, the newest first */
	size_t count;
	struct conn *flush; /* linked by next_flush: those with new frames to send, and the dead */
	size_t flush_count;
	struct conn *sweep; /* the next to have its timeouts checked; NULL: the first of all */
	size_t sweep_count; /* how many there were when the sweep was at the first */

	/* Shared, because one connection at a time uses it. */
	char *input; /* CONN_INPUT_BYTES to read into */
	struct chat_ws scratch; /* reads a message that arrives whole; idle between turns */
	struct chat_ws_pool *ws_pool;
	struct send_batch *batch; /* NULL: the kernel has no io_uring for us */

	/* Sums over all connections. */
	size_t queued_bytes; /* to be sent */
	size_t held_bytes; /* of memory that the send queues hold (send_queue.h) */
	size_t received_bytes; /* of memory for messages that are partly received */
	size_t relief_held_bytes; /* at so many held_bytes a turn sends what it can at once */
	size_t relief_received_bytes; /* at so many received_bytes a turn enforces that limit */

	/* Counted since the turn began. */
	uint64_t resumed_bytes; /* sent to connections that could not take them before */
	uint64_t tls_handshake_ns;

	/* Counted since the start, for the metrics. */
	uint64_t bytes_in, bytes_out;
	uint64_t unruly; /* closed for what they did in TLS */
	uint64_t silent, late; /* closed: no answer to a ping; no request head in time */
};

/* The size of conns->input, and the most that is read of a connection in one turn. */
#define CONN_INPUT_BYTES ((size_t)64 << 10)

/*
 * conns.c
 */

/*
 * Opens an empty set. The caller keeps clock and events valid until conns_close(). Returns 0, or -1
 * with CHAT_INTERNAL.
 */
int conns_open(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err);

/* Closes the set, which must be empty. The poller's handle is closed by the loop's next turn. */
void conns_close(struct conns *conns);

/* Ends a tick: sends what was queued, frees the dead connections, and enforces the limits. */
void conns_flush(struct conns *conns);

/*
 * timeouts.c
 */

/* Checks the timeouts of every parts-th part of the connections; parts calls check all of them. */
void conns_sweep(struct conns *conns, size_t parts);

/*
 * conn_open.c
 */

/*
 * Takes over an accepted non-blocking socket; the connection speaks TLS unless tls is NULL. conn is
 * zeroed memory of the caller's, which events->release frees. Returns 0, or -1: the socket is
 * closed, and conn is still the caller's.
 */
int conn_start(struct conn *conn, struct conns *conns, int fd, struct tls *tls);

/* Accepts messages up to limits->max_message_bytes from now on. */
void conn_trust(struct conn *conn);

/*
 * conn_pause() stops reading the connection for this reason, conn_resume() withdraws the reason.
 * The connection is read while it has none. Messages that were read before the call still come.
 */
void conn_pause(struct conn *conn, enum conn_pause reason);
void conn_resume(struct conn *conn, enum conn_pause reason);

/* Closes TCP at once, and calls on_closed. Does nothing to a dead connection. */
void conn_abort(struct conn *conn);

/*
 * conn_write.c
 */

/*
 * Queues the frames in these bytes of a block, or one frame. They are sent at the end of the tick.
 * Does nothing once a Close is queued.
 */
void conn_send_run(struct conn *conn, struct block *block, uint32_t from, uint32_t to);
void conn_send(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload);

/* Has on_drained called, once, when all is sent that is queued now or until then. */
void conn_notify_drained(struct conn *conn);

/*
 * conn_close.c
 */

/*
 * Begins the closing handshake of an open connection. Our Close is sent at the end of the tick,
 * behind everything that is queued until then, so that the peer gets the echo of what it sent. No
 * message is received any more; the peer's Close is awaited. reason is static, or NULL.
 */
void conn_close(struct conn *conn, uint16_t code, const char *reason);

/*
 * slow_reader.c
 */

/*
 * Lets the queue exceed its limit by so many bytes, which the server itself wants to send, until
 * the queue is empty. A larger number of an earlier call stays.
 */
void conn_raise_queue_limit(struct conn *conn, size_t bytes);

#endif
