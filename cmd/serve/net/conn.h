#ifndef SERVE_NET_CONN_H
#define SERVE_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/frame/block.h"
#include "serve/net/poller.h"
#include "serve/net/send_queue.h"
#include "serve/net/stream.h"
#include "serve/util/clock.h"
#include "text/buf.h"
#include "wire/http.h"
#include "wire/ws.h"

/*
 * A connection: the WebSocket protocol over one socket. It does the opening handshake, reads
 * frames, sends a queue of frames, and does the closing handshake. It does not interpret messages:
 * it passes them to its owner, a session, through struct conn_events.
 *
 * struct conns is the set of all connections of one loop, and holds the state that they share.
 *
 * conn_abort() closes a connection and calls on_closed, exactly once. It does not free the
 * connection: the next conns_flush() does.
 */
enum conn_state {
	/* the PROXY header, if one is expected; the TLS handshake, if there is TLS; and then the
	 * HTTP request head */
	CONN_HANDSHAKE,
	CONN_OPEN,
	CONN_CLOSING, /* our Close or HTTP refusal is queued, or will be at the end of the tick */
	CONN_DEAD /* TCP is closed; the next conns_flush() frees it */
};

/* The reasons not to read a connection, as bits. */
enum conn_pause {
	CONN_PAUSE_QUEUE = 1, /* its send queue is long (slow_reader.c) */
	CONN_PAUSE_SESSION = 2, /* its session accepts no message now */
	CONN_PAUSE_BACKPRESSURE = 4, /* too many messages wait for the disk */
	CONN_PAUSE_MOVE = 8 /* it goes over to another set (conn_move.c) */
};

struct conn;
struct tls;

/*
 * The functions of the owner of the connections. on_rejection, belongs_elsewhere, owner, on_closed
 * and release must not close the connection; the others may.
 */
struct conn_events {
	/*
	 * The PROXY header that conn_expect_proxy_header() has asked for arrived. client is the
	 * address in it, valid in the call; NULL: there is none, the connection is the proxy's own.
	 */
	void (*on_proxy_header)(struct conn *conn, const struct sockaddr *client);
	/*
	 * A valid WebSocket request arrived. Returns true if another set has to answer it: at the
	 * end of this tick the connection leaves this set, and on_left is called. If it is closed
	 * before that, on_closed is called instead. NULL: all requests are answered here.
	 */
	bool (*belongs_elsewhere)(struct conn *conn, const struct chat_http_request *request);
	/*
	 * The connection has left its set, in which nothing refers to it any more. The callee
	 * passes it to the thread that calls conn_adopt(). NULL if belongs_elsewhere is.
	 */
	void (*on_left)(struct conn *conn);
	/*
	 * A valid WebSocket request arrived. Returns 101 to accept it, or the HTTP status of a
	 * refusal. With a refusal it may set *why to a static sentence.
	 */
	int (*on_request)(
		struct conn *conn, const struct chat_http_request *request, const char **why);
	/*
	 * A request that asks for no WebSocket arrived: request->plain. Appends the whole answer,
	 * which may have a body also for HEAD, and returns 0; or returns the HTTP status of a
	 * refusal, and may set *why as above. NULL: it is refused with 426.
	 */
	int (*on_visit)(struct conn *conn, const struct chat_http_request *request,
		struct chat_buf *answer, const char **why);
	/* A text message arrived. It is valid UTF-8. Its bytes may be used during the call only. */
	void (*on_message)(struct conn *conn, struct chat_span text);
	/* The same for a binary message. NULL: they are refused with 1003. */
	void (*on_binary)(struct conn *conn, struct chat_span payload);
	/*
	 * The peer violated the protocol. The connection will be closed with this code; a last
	 * frame can be queued. text is static.
	 */
	void (*on_violation)(struct conn *conn, uint16_t close_code, const char *text);
	/*
	 * The incomplete messages of all connections take too much memory, and this connection was
	 * chosen (receive_limit.c). It will be closed; a last frame can be queued. text is static.
	 */
	void (*on_overload)(struct conn *conn, const char *text);
	/*
	 * A message took too long to arrive; the network may be the cause. The connection will be
	 * closed; a last frame can be queued. text is static.
	 */
	void (*on_late_message)(struct conn *conn, const char *text);
	/*
	 * The peer reads too slowly. The connection will be closed; a last frame can be queued. The
	 * queue was cut to the frame that is partly sent, if any. text is static.
	 */
	void (*on_slow_reader)(struct conn *conn, const char *text);
	/*
	 * The connection will be refused with this HTTP status. Status 0: it will be aborted, for
	 * example because it did not answer a ping. For the log only. why is static.
	 */
	void (*on_rejection)(struct conn *conn, int status, const char *why);
	/*
	 * The peer's Close arrived on an open connection. Returns true if it may be answered now;
	 * otherwise the owner calls conn_answer_close() later. NULL: it may be answered now.
	 */
	bool (*on_close)(struct conn *conn);
	/*
	 * Returns the owner of the connection for evict.h: the connections of one owner count
	 * together. Returns NULL for a connection that counts alone.
	 */
	const void *(*owner)(const struct conn *conn);
	/* The queue is empty, after conn_notify_drained(). The callee must not queue frames. */
	void (*on_drained)(struct conn *conn);
	/*
	 * The poller has handled this connection, which may be closed now; other connections may
	 * follow in this turn. No function of a connection is running.
	 */
	void (*on_turn_end)(struct conn *conn);
	/* The connection is closed. The callee must remove every pointer to it. */
	void (*on_closed)(struct conn *conn);
	/* Frees the memory that was given to conn_start(). */
	void (*release)(struct conn *conn);
};

/* The receiving side of a connection (conn_handshake.c, conn_read.c). */
struct conn_input {
	/* owned; the PROXY header or request head received so far; NULL: it was freed */
	struct chat_buf *head;
	struct chat_ws *ws; /* owned; the state of a partly received message; NULL: there is none */
	int64_t last_ms; /* the time of the last input; moved forward while reading is paused */
	int64_t message_ms; /* when the message in ws began, moved like last_ms; 0: none */
	uint32_t memory_bytes; /* the memory of head and ws, as counted in conns->received_bytes */
	uint8_t paused; /* bits of enum conn_pause; 0: the connection is read */
	bool pinged : 1; /* we queued a ping, and nothing has arrived since */
	bool trusted : 1; /* max_message_bytes is the limit, not max_first_bytes */
	bool awaits_proxy_header : 1; /* and nothing else is read before it */
};

struct conn {
	struct stream stream;
	struct conns *conns; /* the set that the connection belongs to */
	struct conn *next, *prev; /* in conns->all; invalid when the connection is dead */
	int64_t since_ms; /* the time when the state began; not set for CONN_DEAD */
	struct conn_input in;

	/* Sending (conn_write.c, slow_reader.c). */
	struct send_queue queue; /* the bytes to be sent */
	struct conn *next_flush; /* in conns->flush; this connection itself: not in the list */
	int64_t progress_ms; /* when bytes were last sent, or the socket became full */
	uint16_t answer_bytes; /* unsent bytes of the HTTP 101 answer, at the front of the queue */
	uint8_t extra_queue_mib; /* added to the queue's limit, in MiB; 0 after all is sent */
	bool batched : 1; /* a send of the queue's only run is in the send batch */
	bool notify_drained : 1; /* on_drained must be called when the queue is empty */

	/* Closing (conn_close.c). */
	bool close_due : 1; /* our Close must be queued at the end of this tick */
	bool close_received : 1; /* the peer's Close was read */
	bool finish : 1; /* close when the queue is empty; input is discarded */
	bool leaving : 1; /* belongs_elsewhere has returned true; it leaves if it is not closed */
	uint8_t state; /* enum conn_state */
	uint8_t polled; /* the poller watches for these: EPOLLIN, EPOLLOUT */
	/* The code of our Close; 0: none. Valid after conn_close() or when close_received is set.
	 */
	uint16_t close_code;
	const char *close_reason; /* static; NULL: none; valid after conn_close() */
};

/* The limits of each connection, and of all connections together. */
struct conn_limits {
	size_t max_message_bytes; /* of one message, after conn_trust() */
	size_t max_first_bytes; /* of one message, before conn_trust() */
	uint32_t max_fragments; /* the frames of one message */
	size_t queue_bytes; /* of one connection's send queue, see send_queue_size() */
	size_t all_queues_bytes; /* the memory of all send queues */
	size_t all_received_bytes; /* the memory of all partly received heads and messages */
	int64_t head_ms; /* from accept to the end of the request head, PROXY header included */
	int64_t message_ms; /* from the first byte of a message to the last */
	int64_t close_ms; /* from conn_close() or the HTTP refusal to the end of the connection */
	int64_t ping_ms; /* without input until we send a ping */
	int64_t pong_ms; /* without input after ping_ms, until the connection is aborted */
	int64_t progress_ms; /* the longest time without a sent byte while the queue is not empty */
};

struct conns {
	struct clock *clock;
	const struct conn_events *events;
	struct conn_limits limits;
	struct poller poller;

	struct conn *all; /* doubly linked, the newest first; without the dead */
	size_t count; /* the length of all */
	struct conn *flush; /* linked by next_flush: connections with new frames, or dead */
	size_t flush_count; /* the length of flush */
	struct conn *sweep; /* the next connection that conns_sweep() checks; NULL: the first */
	size_t sweep_count; /* `count` when the sweep was last at the first connection */

	/* Used by one connection at a time. */
	char *input; /* a buffer of CONN_INPUT_BYTES for reading */
	struct chat_ws scratch; /* receives messages of connections without in.ws */
	struct chat_ws_pool *ws_pool;
	struct send_batch *batch; /* NULL: the kernel has no usable io_uring */
	struct send_shared *shared; /* NULL: the kernel has no files in memory */

	/* Sums over all connections. */
	size_t queued_bytes; /* to be sent */
	size_t held_bytes; /* the memory of all send queues (send_queue.h) */
	size_t received_bytes; /* the memory of partly received request heads and messages */
	size_t relief_held_bytes; /* if exceeded, the queues are sent within the turn */
	size_t relief_received_bytes; /* if exceeded, the limit is enforced within the turn */

	/* Counted since the last conns_flush(). */
	uint64_t resumed_bytes; /* sent when the poller reported a writable socket */
	uint64_t tls_handshake_ns; /* spent in TLS handshakes */

	/* Counted since the start, for the metrics. */
	uint64_t bytes_in, bytes_out;
	uint64_t unruly; /* closed for too many TLS records without data, after the handshake */
	uint64_t silent, late; /* closed: no answer to a ping; no request head in time */
	uint64_t wrong_proxy_headers; /* closed: it began with something else */
};

/* The size of conns->input, and the most that is read from a connection in one turn. */
#define CONN_INPUT_BYTES ((size_t)64 << 10)

/*
 * conns.c
 */

/*
 * Opens an empty set. Copies limits; clock and events must stay valid until conns_close(). Returns
 * 0, or -1 with CHAT_INTERNAL.
 */
int conns_open(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err);

/*
 * Opens an empty set like another one, which is open, for another thread. That thread must call
 * conns_enter() before it uses the set; it may be in a sandbox by then. Returns as conns_open().
 */
int conns_open_like(
	struct conns *conns, const struct conns *other, struct clock *clock, struct chat_err *err);
void conns_enter(struct conns *conns);

/* Closes the set, which must be empty. */
void conns_close(struct conns *conns);

/* Ends a tick: sends the queued bytes, frees the dead connections, enforces the memory limits. */
void conns_flush(struct conns *conns);

/*
 * timeouts.c
 */

/* Checks the timeouts of one part of the connections. `parts` calls check all connections. */
void conns_sweep(struct conns *conns, size_t parts);

/*
 * conn_open.c
 */

/*
 * Starts a connection on an accepted non-blocking socket, and owns the socket. It uses TLS unless
 * tls is NULL. *conn must be zeroed; events->release frees it. Returns 0, or -1: the socket is
 * closed, and the caller must free conn.
 */
int conn_start(struct conn *conn, struct conns *conns, int fd, struct tls *tls);

/*
 * Expects a PROXY header (proxy_header.h) before everything else, also before TLS. Call it right
 * after conn_start(). on_proxy_header follows; any other beginning ends the connection.
 */
void conn_expect_proxy_header(struct conn *conn);

/* Accepts messages up to limits->max_message_bytes from now on. */
void conn_trust(struct conn *conn);

/*
 * conn_pause() adds a reason not to read the connection, conn_resume() removes it. The connection
 * is read while it has no reason. After conn_pause(), on_message is still called for input that was
 * read before.
 */
void conn_pause(struct conn *conn, enum conn_pause reason);
void conn_resume(struct conn *conn, enum conn_pause reason);

/* Closes the socket at once, and calls on_closed. Does nothing if the connection is dead. */
void conn_abort(struct conn *conn);

/*
 * conn_move.c
 */

/*
 * Adds a connection that has left another set (on_left) to this set, and answers its request. No
 * function of another connection may be running. The connection may be closed afterwards.
 */
void conn_adopt(struct conn *conn, struct conns *conns);

/*
 * conn_write.c
 */

/*
 * conn_send_run() queues the frames in the bytes [from, to) of a block, and adds its own reference
 * to the block. conn_send() queues one frame with a copy of the payload. They are sent at the end
 * of the tick, or before. Both functions do nothing before the opening handshake is done and after
 * our Close is queued.
 */
void conn_send_run(struct conn *conn, struct block *block, uint32_t from, uint32_t to);
void conn_send(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload);

/*
 * Requests one call of on_drained: after the next write that finds or leaves the queue empty, if
 * the state is CONN_OPEN.
 */
void conn_notify_drained(struct conn *conn);

/*
 * conn_close.c
 */

/*
 * Begins the closing handshake. Does nothing if the state is not CONN_OPEN. Our Close is queued at
 * the end of the tick, so it follows every frame of this tick, for example the echo of the peer's
 * last message. on_message is not called any more. reason is static, or NULL.
 */
void conn_close(struct conn *conn, uint16_t code, const char *reason);

/*
 * Answers the peer's Close, after on_close returned false. Does nothing if the state is not
 * CONN_OPEN.
 */
void conn_answer_close(struct conn *conn);

/*
 * slow_reader.c
 */

/*
 * Raises the limit of the queue by these bytes, rounded up to MiB, at most 255 MiB, until all is
 * sent. Used for long frames of the server itself. A call with fewer bytes than an earlier one
 * changes nothing.
 */
void conn_raise_queue_limit(struct conn *conn, size_t bytes);

#endif
