/*
 * Sending. Channels and sessions queue frames with conn_send_run() and conn_send(). At the end of
 * the tick, conns_flush() calls conn_flush() for each connection. It writes the queue to the socket
 * (writev(2) or TLS), or adds it to a batch of sends of many connections (send_batch.c), or shares
 * a long run with them (send_shared.c). Bytes that the socket does not accept stay in the queue.
 * When the poller reports a writable socket, conns.c calls conn_write().
 */
#include "serve/net/conn_private.h"

#define PIECES_MAX 64 /* the most pieces of one writev(2) */
#define BATCHED_BYTES_MAX 16384 /* the longest send in a batch */
#define TURN_BYTES ((size_t)1 << 20) /* conn_write() stops when it has sent this many bytes */
#define PONGS_BYTES 4096 /* in a longer queue, a pong replaces an unsent pong before it */

/* ---- queueing ---- */

void
conn_enqueue(struct conn *conn, struct block *block, uint32_t from, uint32_t to)
{
	struct conns *conns = conn->conns;

	send_queue_append(&conn->queue, &conns->held_bytes, block, from, to);
	conns->queued_bytes += to - from;
	conns_flush_later(conns, conn);
}

/* Returns true after the handshake, until our Close is queued. */
static bool
accepts_frames(const struct conn *conn)
{
	return conn->state == CONN_OPEN || conn->close_due;
}

void
conn_send_run(struct conn *conn, struct block *block, uint32_t from, uint32_t to)
{
	if (accepts_frames(conn))
		conn_enqueue(conn, block, from, to);
}

/* Queues a frame. If replace is true, it may replace the last frame (send_queue_append_newest). */
static void
enqueue_frame(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload, bool replace)
{
	struct conns *conns = conn->conns;

	if (!accepts_frames(conn))
		return;
	conns->queued_bytes -= conn->queue.bytes;
	if (replace)
		send_queue_append_newest(&conn->queue, &conns->held_bytes, opcode, payload);
	else
		send_queue_append_frame(&conn->queue, &conns->held_bytes, opcode, payload);
	conns->queued_bytes += conn->queue.bytes;
	conns_flush_later(conns, conn);
}

void
conn_send(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload)
{
	enqueue_frame(conn, opcode, payload, false);
}

void
conn_pong(struct conn *conn, struct chat_span payload)
{
	enqueue_frame(conn, CHAT_WS_PONG, payload, send_queue_size(&conn->queue) > PONGS_BYTES);
}

void
conn_notify_drained(struct conn *conn)
{
	conn->notify_drained = true;
}

/* ---- sending ---- */

/*
 * Handles the result of a send: the number of bytes, STREAM_WAIT, or STREAM_GONE. Removes the sent
 * bytes from the queue, or aborts the connection. Returns true if another send may succeed.
 */
static bool
count_sent(struct conn *conn, ssize_t sent)
{
	struct conns *conns = conn->conns;

	if (sent == STREAM_GONE)
		conn_abort(conn);
	if (sent < 0)
		return false;
	conn->answer_bytes -= sent < conn->answer_bytes ? (uint16_t)sent : conn->answer_bytes;
	send_queue_sent(&conn->queue, &conns->held_bytes, (size_t)sent);
	conns->queued_bytes -= (size_t)sent;
	conns->bytes_out += (uint64_t)sent;
	if (send_queue_is_empty(&conn->queue)) {
		conn->extra_queue_mib = 0;
		return false;
	}
	conn->progress_ms = clock_now_ms(conns->clock);
	return true;
}

/* Returns true if all is sent, and nobody waits for that, as it usually is after a write. */
static bool
is_at_rest(const struct conn *conn)
{
	return conn_has_sent_all(conn) && conn->polled == EPOLLIN && !conn->in.paused &&
		!conn->finish && !conn->notify_drained;
}

/* Called after the sends of a turn. Acts on an empty queue, and on a queue that is too long. */
static void
after_write(struct conn *conn)
{
	if (is_at_rest(conn))
		return;
	if (conn->finish && conn_has_sent_all(conn))
		conn_finish_now(conn);
	if (conn->state != CONN_DEAD)
		slow_reader_check(conn);
	if (conn->notify_drained && conn_has_sent_all(conn) && conn->state == CONN_OPEN) {
		conn->notify_drained = false;
		conn->conns->events->on_drained(conn);
	}
}

/* Sends what TLS keeps. Returns true if nothing is left of it. */
static bool
flush_stream(struct conn *conn)
{
	ssize_t sent = stream_flush(&conn->stream);

	if (sent == STREAM_GONE) {
		conn_abort(conn);
		return false;
	}
	if (sent > 0)
		conn->progress_ms = clock_now_ms(conn->conns->clock);
	return !stream_unsent(&conn->stream);
}

/*
 * Sends a long run that many connections have, in pages that they share. Returns as stream_write(),
 * or 0 if it is to be sent in another way.
 */
static ssize_t
write_shared(struct conn *conn)
{
	const struct send_queue *queue = &conn->queue;
	ssize_t sent;

	if (!conn->conns->shared || conn->stream.tls || queue->bytes < SEND_SHARED_MIN ||
		!send_queue_is_one_run(queue))
		return 0;
	sent = send_shared(conn->conns->shared, conn->stream.fd, queue->first.block,
		queue->first.from + queue->sent, queue->first.to);
	if (sent == -ENOBUFS)
		return 0;
	return sent < 0 ? stream_status((int)-sent) : sent;
}

/* Sends bytes from the front of the queue. Returns as stream_write(). */
static ssize_t
write_front(struct conn *conn)
{
	struct iovec pieces[PIECES_MAX];
	ssize_t sent = write_shared(conn);

	if (sent)
		return sent;
	return stream_write(
		&conn->stream, pieces, send_queue_pieces(&conn->queue, pieces, PIECES_MAX));
}

void
conn_write(struct conn *conn)
{
	bool more = flush_stream(conn) && !send_queue_is_empty(&conn->queue);
	size_t sent = 0;

	while (more && sent < TURN_BYTES) { /* the next turn sends the rest */
		ssize_t status = write_front(conn);

		sent += status > 0 ? (size_t)status : 0;
		more = count_sent(conn, status) && !stream_unsent(&conn->stream);
	}
	if (conn->state != CONN_DEAD)
		after_write(conn);
}

/* send_batch_run() calls this with the result of a send: the bytes sent, or -errno. */
static void
on_batched(void *arg, ssize_t sent)
{
	struct conn *conn = arg;

	conn->batched = false;
	count_sent(conn, sent < 0 ? stream_status((int)-sent) : sent);
	if (conn->state != CONN_DEAD)
		after_write(conn);
}

/*
 * Returns true if the queue is one short run and the connection does not use TLS. A batch cannot
 * send several runs. For a long run, a batch saves little: copying costs more than the system call.
 */
static bool
fits_batch(const struct conn *conn)
{
	return send_queue_is_one_run(&conn->queue) && conn->queue.bytes <= BATCHED_BYTES_MAX &&
		!conn->stream.tls;
}

void
conn_flush(struct conn *conn, struct send_batch *batch)
{
	struct iovec piece;

	if (conn->batched)
		return;
	if (conn->close_due)
		conn_send_close(conn);
	if (!batch || !fits_batch(conn)) {
		conn_write(conn);
		return;
	}
	send_queue_pieces(&conn->queue, &piece, 1);
	while (!send_batch_add(batch, conn->stream.fd, piece.iov_base, piece.iov_len, conn))
		send_batch_run(batch, on_batched);
	conn->batched = true;
}

void
conns_run_batch(struct send_batch *batch)
{
	send_batch_run(batch, on_batched);
}
