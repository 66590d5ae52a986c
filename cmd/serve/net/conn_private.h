#ifndef SERVE_NET_CONN_PRIVATE_H
#define SERVE_NET_CONN_PRIVATE_H

#include "serve/net/conn.h"
#include "serve/net/send_batch.h"
#include "serve/net/send_shared.h"

/*
 * For the files that implement conn.h. Sessions must not include it.
 */

/*
 * The memory limits of all connections together are enforced at the end of a tick. They are also
 * enforced within a turn when the memory has grown by 1/CONNS_RELIEF_PART of the limit since the
 * last time.
 */
#define CONNS_RELIEF_PART 16

/*
 * conns.c
 */
void conns_add(struct conns *conns, struct conn *conn);
void conns_remove(struct conns *conns, struct conn *conn);

/* Adds a connection to the list conns->flush, unless it is in the list. */
static inline void
conns_flush_later(struct conns *conns, struct conn *conn)
{
	if (conn->next_flush != conn)
		return;
	conn->next_flush = conns->flush;
	conns->flush = conn;
	conns->flush_count++;
}

/*
 * conn_open.c
 */
void conn_set_polled(struct conn *conn, uint8_t polled);

/* Returns true if the socket has accepted all bytes: those of the queue, and those of TLS. */
static inline bool
conn_has_sent_all(const struct conn *conn)
{
	return send_queue_is_empty(&conn->queue) && !stream_unsent(&conn->stream);
}

/* Makes the poller watch for the events that the connection now waits for. */
static inline void
conn_poll(struct conn *conn)
{
	uint8_t polled = 0;

	if (!conn->in.paused)
		polled |= EPOLLIN;
	if (!conn_has_sent_all(conn) && !stream_waits_for_input(&conn->stream))
		polled |= EPOLLOUT;
	if (polled != conn->polled)
		conn_set_polled(conn, polled);
}

/* Frees a dead connection. No function of the connection may be running. */
void conn_free(struct conn *conn);

/*
 * conn_proxy.c
 */

/* Continues to read the PROXY header. Returns true if it is complete and the connection goes on. */
bool conn_read_proxy_header(struct conn *conn);

/* Returns true if an HTTP answer can be sent: neither a PROXY header nor TLS must come before it.
 */
static inline bool
conn_can_answer(const struct conn *conn)
{
	return !conn->in.awaits_proxy_header && stream_is_up(&conn->stream);
}

/*
 * conn_handshake.c
 */

/* Appends bytes to the request head. If the head is complete or invalid, answers the request. */
void conn_read_head(struct conn *conn, struct chat_span input);

/* Looks at the whole head again, in the set that the connection now belongs to. */
void conn_reread_head(struct conn *conn);

/* Refuses the request with this HTTP status. Our side of TCP is closed after the answer. */
void conn_refuse(struct conn *conn, int status, const char *why);

/* Frees the request head. */
void conn_head_free(struct conn *conn);

/*
 * conn_move.c
 */

/* Removes a connection whose `leaving` is set from its set, if it is still in its handshake. */
void conn_leave(struct conn *conn);

/*
 * conn_read.c
 */

/* Reads the socket once, and handles the input. */
void conn_read(struct conn *conn);

/* Handles bytes of frames. Keeps the state of an incomplete message in conn->in.ws. */
void conn_read_frames(struct conn *conn, struct chat_span input);

/* Frees conn->in.ws. */
void conn_ws_free(struct conn *conn);

/*
 * conn_write.c
 */

/* Queues bytes of a block in any state but CONN_DEAD. They are sent at the end of the tick. */
void conn_enqueue(struct conn *conn, struct block *block, uint32_t from, uint32_t to);

/*
 * Queues a pong with this payload. If the queue is long and its last frame is an unsent pong, the
 * new pong replaces that frame (RFC 6455 section 5.5.3).
 */
void conn_pong(struct conn *conn, struct chat_span payload);

/* Sends what TLS keeps, then the queue until it is empty, the socket is full, or TURN_BYTES are
 * exceeded. */
void conn_write(struct conn *conn);

/*
 * Ends the tick for this connection: queues our Close if it is due, and sends the queue. If batch
 * is not NULL, the send may be added to the batch instead.
 */
void conn_flush(struct conn *conn, struct send_batch *batch);

/* Runs the sends that conn_flush() has added to the batch. */
void conns_run_batch(struct send_batch *batch);

/*
 * conn_close.c
 */

/* Queues our Close. conn->close_due must be true. */
void conn_send_close(struct conn *conn);

/*
 * Called when the peer's Close has arrived. Answers it with our Close when the owner allows it
 * (on_close), unless our Close was sent. Then the connection is aborted when the queue is empty.
 */
void conn_receive_close(struct conn *conn, uint16_t code);

/*
 * Calls conn_finish_now() when the queue is empty, now or later. From now on input is discarded.
 */
void conn_finish(struct conn *conn);

/*
 * Called when the queue is empty and conn->finish is set. Aborts the connection if the peer's Close
 * was received; otherwise closes only our side of TCP. Does nothing before our Close is queued.
 */
void conn_finish_now(struct conn *conn);

/*
 * slow_reader.c
 */

/*
 * Drops an open connection if its queue is over the limit. Pauses reading if the queue is over half
 * of the limit, and resumes it at a quarter. To be called after each write.
 */
void slow_reader_check(struct conn *conn);

/* Returns true if the socket is full and accepted no byte for limits->progress_ms. */
bool slow_reader_is_stuck(const struct conn *conn, int64_t now_ms);

/*
 * Drops a connection: cuts the queue to the frame that is partly sent, lets the owner queue a last
 * frame (on_slow_reader), and closes with 1008. If the HTTP answer is not sent, aborts instead. why
 * is a static sentence for the peer.
 */
void slow_reader_drop(struct conn *conn, const char *why);

/*
 * Enforces limits->all_queues_bytes: compacts the queues, then drops or aborts connections in the
 * order of evict.h.
 */
void slow_readers_enforce_limit(struct conns *conns);

/*
 * receive_limit.c
 */

/* Updates in.memory_bytes and conns->received_bytes. Called when in.head or in.ws has changed. */
void conn_count_received(struct conn *conn);

/*
 * Enforces limits->all_received_bytes: closes connections in the order of evict.h, by the size and
 * the delay of the partly received head or message.
 */
void receive_limit_enforce(struct conns *conns);

#endif
