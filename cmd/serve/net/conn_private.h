#ifndef SERVE_NET_CONN_PRIVATE_H
#define SERVE_NET_CONN_PRIVATE_H

#include "serve/net/conn.h"
#include "serve/net/send_batch.h"

/*
 * Shared by the files of a connection and of the set alone. Sessions use conn.h.
 */

/*
 * The limits of all connections together are enforced at the end of a tick. When a turn has added
 * this part of a limit (one sixteenth), the limit is enforced within the turn.
 */
#define CONNS_RELIEF_PART 16

/*
 * conns.c
 */
void conns_add(struct conns *conns, struct conn *conn);
void conns_remove(struct conns *conns, struct conn *conn);

/* Puts a connection into the list of those that conns_flush() handles. */
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

/* Has the poller watch for what the connection waits for now. */
static inline void
conn_poll(struct conn *conn)
{
	uint8_t polled = 0;

	if (!conn->in.paused && !stream_wants_write(&conn->stream))
		polled |= EPOLLIN;
	if (!send_queue_is_empty(&conn->queue) || stream_wants_write(&conn->stream))
		polled |= EPOLLOUT;
	if (polled != conn->polled)
		conn_set_polled(conn, polled);
}

/* Frees a dead connection. No function of the connection may be running. */
void conn_free(struct conn *conn);

/*
 * conn_handshake.c
 */

/* Appends bytes to the request head. Answers the request once its head is complete. */
void conn_read_head(struct conn *conn, struct chat_span input);

/* Answers the request with this HTTP status; the connection ends when the answer is sent. */
void conn_refuse(struct conn *conn, int status, const char *why);

/* Frees the request head. */
void conn_head_free(struct conn *conn);

/*
 * conn_read.c
 */

/* Reads the socket once, and handles what arrived. */
void conn_read(struct conn *conn);

/* Handles bytes of frames. Keeps the state of a message that is not complete in in.ws. */
void conn_read_frames(struct conn *conn, struct chat_span input);

/* Frees the message that is partly received. */
void conn_ws_free(struct conn *conn);

/*
 * conn_write.c
 */

/* Queues bytes of a block. They are sent at the end of the tick. */
void conn_enqueue(struct conn *conn, struct block *block, uint32_t from, uint32_t to);

/*
 * Queues a pong with this payload. While the peer does not read, the newest pong takes the place of
 * the one before it (RFC 6455 section 5.5.3).
 */
void conn_pong(struct conn *conn, struct chat_span payload);

/* Sends what the kernel takes of the queue without waiting, at most TURN_BYTES. */
void conn_write(struct conn *conn);

/*
 * Ends the tick for this connection: queues a Close that is due, and sends the queue. Where batch
 * is not NULL, the send may be added to it instead.
 */
void conn_flush(struct conn *conn, struct send_batch *batch);

/* Does the sends that conn_flush() added to the batch. */
void conns_run_batch(struct send_batch *batch);

/*
 * conn_close.c
 */

/* Queues the Close that conn_close() announced. */
void conn_send_close(struct conn *conn);

/* The peer's Close arrived: answers it. The connection ends when the answer is sent. */
void conn_receive_close(struct conn *conn, uint16_t code);

/*
 * Ends the connection when its queue is empty, without waiting for the peer's Close. What arrives
 * until then is discarded.
 */
void conn_finish(struct conn *conn);

/* The queue of a connection with conn->finish is empty: closes it, or our side of it. */
void conn_finish_now(struct conn *conn);

/*
 * slow_reader.c
 */

/*
 * Drops an open connection whose queue is over its limit. Stops reading one whose queue is over
 * half of the limit, until the queue is below a quarter. To be called when the queue has changed.
 */
void slow_reader_check(struct conn *conn);

/* Returns true when no byte of the queue could be sent for limits->progress_ms. */
bool slow_reader_is_stuck(const struct conn *conn, int64_t now_ms);

/*
 * Drops a connection: cuts its queue back to the frame that is partly sent, lets the owner queue a
 * last frame (on_slow_reader), and closes with 1008. why is a static sentence for the peer.
 */
void slow_reader_drop(struct conn *conn, const char *why);

/*
 * While all queues together hold more memory than limits->all_queues_bytes, drops the connection
 * that holds the most.
 */
void slow_readers_enforce_limit(struct conns *conns);

/*
 * receive_limit.c
 */

/* Counts the memory of what is partly received anew, after it has changed. */
void conn_count_received(struct conn *conn);

/*
 * While partly received messages take more memory than limits->all_received_bytes, closes the
 * connection whose message is the largest and the most delayed.
 */
void receive_limit_enforce(struct conns *conns);

#endif
