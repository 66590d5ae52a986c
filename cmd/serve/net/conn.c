/*
 * One peer of the server: its life, and what goes out to it. Path of a message: the socket is
 * readable -> conn_read -> frames (lib/ws) -> events->received. What goes out is queued in `out`
 * by whoever has something to say and leaves at the end of the tick, all of it in one writev(2).
 */
#include "serve/net/conn.h"

#include <stdlib.h>
#include <string.h>

#include "serve/net/conns.h"
#include "serve/util/memory.h"

#define MANY_PIECES 64
#define BATCHED_BYTES 16384 /* at most, to be sent in a batch */
#define TURN_BYTES ((size_t)1 << 20) /* sent to one connection in one turn */
#define PONGS_BYTES 4096 /* in a queue so long only the newest ping's answer is added */

/* ---- sending ---- */

void
conn_poll(struct conn *conn)
{
	uint8_t events = 0;

	if (conn_reads(conn) && !stream_wants_write(&conn->stream))
		events |= EPOLLIN;
	if (!send_queue_is_empty(&conn->queue) || stream_wants_write(&conn->stream))
		events |= EPOLLOUT;
	if (events == conn->events)
		return;
	conn->events = events;
	if (poller_change(&conn->conns->poller, conn->stream.fd, events, conn) < 0)
		conn_abort(conn);
}

static void
conn_flush_later(struct conn *conn)
{
	if (conn->next_flush != conn)
		return;
	conn->next_flush = conn->conns->flush;
	conn->conns->flush = conn;
	conn->conns->flush_count++;
}

void
conn_enqueue(struct conn *conn, struct block *block, uint32_t from, uint32_t to)
{
	struct conns *conns = conn->conns;

	if (send_queue_is_empty(&conn->queue))
		conn->progress_ms = clock_now_ms(conns->clock);
	send_queue_append(&conn->queue, &conns->held_bytes, block, from, to);
	conns->queued_bytes += to - from;
	conn_flush_later(conn);
}

/* The queue is cut back to what is half sent; a last word and a Close follow. */
void
conn_drop(struct conn *conn, const char *why)
{
	struct conns *conns = conn->conns;

	if (conn->answer_bytes) { /* it has not even read that: there is no frame to cut at */
		conn_abort(conn);
		return;
	}
	conns->queued_bytes -= conn->queue.bytes;
	send_queue_cut(&conn->queue, &conns->held_bytes, stream_bound(&conn->stream));
	send_queue_compact(&conn->queue, &conns->held_bytes);
	conns->queued_bytes += conn->queue.bytes;
	conns->events->on_slow_reader(conn, why);
	conn_close(conn, 1008, "slow consumer");
}

void
conn_send_run(struct conn *conn, struct block *block, uint32_t from, uint32_t to)
{
	if (conn->state != CONN_OPEN && !conn->close_due)
		return;
	conn_enqueue(conn, block, from, to);
}

/* Appends a control frame, in place of the one before it where that is needless then. */
static void
conn_control(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload, bool newest)
{
	struct conns *conns = conn->conns;

	if (conn->state != CONN_OPEN && !conn->close_due)
		return;
	if (send_queue_is_empty(&conn->queue))
		conn->progress_ms = clock_now_ms(conns->clock);
	conns->queued_bytes -= conn->queue.bytes;
	if (newest)
		send_queue_append_newest(&conn->queue, &conns->held_bytes,
			stream_bound(&conn->stream), opcode, payload);
	else
		send_queue_append_frame(&conn->queue, &conns->held_bytes, opcode, payload);
	conns->queued_bytes += conn->queue.bytes;
	conn_flush_later(conn);
}

void
conn_send(struct conn *conn, enum chat_ws_opcode opcode, struct chat_span payload)
{
	conn_control(conn, opcode, payload, false);
}

void
conn_pong(struct conn *conn, struct chat_span payload)
{
	conn_control(conn, CHAT_WS_PONG, payload, send_queue_size(&conn->queue) > PONGS_BYTES);
}

void
conn_close(struct conn *conn, uint16_t code, const char *reason)
{
	if (conn->state != CONN_OPEN)
		return;
	conn->close_due = true;
	conn->close_code = code;
	conn->close_reason = reason;
	conn->state = CONN_CLOSING;
	conn->since_ms = clock_now_ms(conn->conns->clock);
	conn_flush_later(conn);
}

/* The tick has published what it had: the Close goes behind it. */
static void
conn_send_close(struct conn *conn)
{
	struct chat_buf close = {0};

	chat_ws_append_close(&close, NULL, conn->close_code, conn->close_reason);
	conn_send(conn, CHAT_WS_CLOSE, block_frame_payload(close.at));
	chat_buf_free(&close);
	conn->close_due = false;
}

/* Everything has been sent: does something follow? */
static void
conn_drained(struct conn *conn)
{
	if (conn->state != CONN_CLOSING || conn->close_due || !conn->finish)
		return;
	if (!conn->close_received) {
		stream_finish(&conn->stream);
		return;
	}
	stream_notify(&conn->stream);
	conn_abort(conn);
}

/* No Close of the peer's is waited for any more: once the queue is empty this is the end. */
void
conn_finish(struct conn *conn)
{
	conn->finish = true;
	if (send_queue_is_empty(&conn->queue))
		conn_drained(conn);
}

/* The kernel took so many bytes (or STREAM_WAIT, _GONE). Whether it would take more. */
static bool
conn_wrote(struct conn *conn, ssize_t sent)
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
	conn->progress_ms = clock_now_ms(conns->clock);
	if (!send_queue_is_empty(&conn->queue))
		return true;
	conn->spare_mib = 0;
	return false;
}

/*
 * Reading stops while half the queue's limit is waiting, so that nobody fills it with the answers
 * to their own input; it goes on when it is half of that.
 */
static void
conn_pace(struct conn *conn)
{
	size_t limit = conn->conns->limits.queue_bytes + ((size_t)conn->spare_mib << 20);

	if (send_queue_size(&conn->queue) > limit && conn->state == CONN_OPEN)
		conn_drop(conn, "you read too slowly");
	if (conn->paused & CONN_PAUSE_QUEUE)
		limit /= 2;
	if (send_queue_size(&conn->queue) > limit / 2)
		conn->paused |= CONN_PAUSE_QUEUE;
	else
		conn->paused &= ~CONN_PAUSE_QUEUE;
	conn_poll(conn);
}

/* Writing is over for now. */
static void
conn_rest(struct conn *conn)
{
	if (send_queue_is_empty(&conn->queue))
		conn_drained(conn);
	if (conn->state != CONN_DEAD)
		conn_pace(conn);
	if (conn->tells_empty && send_queue_is_empty(&conn->queue) && conn->state == CONN_OPEN) {
		conn->tells_empty = false;
		conn->conns->events->on_drained(conn);
	}
}

void
conn_write(struct conn *conn)
{
	struct iovec pieces[MANY_PIECES];
	bool more = !send_queue_is_empty(&conn->queue);
	size_t sent = 0;

	while (more && sent < TURN_BYTES) { /* the rest has room in the next turn, too */
		int count = send_queue_pieces(&conn->queue, pieces, MANY_PIECES);
		ssize_t status = stream_write(&conn->stream, pieces, count);

		sent += status > 0 ? (size_t)status : 0;
		more = conn_wrote(conn, status);
	}
	if (conn->state != CONN_DEAD)
		conn_rest(conn);
}

/* The one send of a batch is done. */
static void
on_batched(void *arg, ssize_t sent)
{
	struct conn *conn = arg;

	conn->batched = false;
	conn_wrote(conn, sent < 0 ? stream_status((int)-sent) : sent);
	if (conn->state != CONN_DEAD)
		conn_rest(conn);
}

/*
 * A single short run is sent in the batch. Several go in one writev(2) of their own, with a long
 * one the copying outweighs the call, and TLS has its own way to the kernel.
 */
static bool
conn_fits_batch(const struct conn *conn)
{
	return send_queue_is_one_run(&conn->queue) && conn->queue.bytes <= BATCHED_BYTES &&
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
	if (!batch || !conn_fits_batch(conn)) {
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

/* ---- life ---- */

void
conn_ws_free(struct conn *conn)
{
	if (conn->ws)
		chat_ws_free(conn->ws, conn->conns->ws_pool);
	free(conn->ws);
	conn->ws = NULL;
}

void
conn_head_free(struct conn *conn)
{
	if (conn->head)
		chat_buf_free(conn->head);
	free(conn->head);
	conn->head = NULL;
}

/* Of a dead one it goes before anybody else has to give way. */
void
conn_note_received(struct conn *conn)
{
	bool alive = conn->state != CONN_DEAD;
	size_t bytes = 0;

	if (alive && conn->head)
		bytes += memory_cost(sizeof(*conn->head)) + conn->head->cap;
	if (alive && conn->ws)
		bytes += memory_cost(sizeof(*conn->ws)) + chat_ws_memory(conn->ws);
	conn->conns->received_bytes += bytes;
	conn->conns->received_bytes -= conn->received;
	conn->received = (uint32_t)bytes;
}

void
conn_abort(struct conn *conn)
{
	struct conns *conns = conn->conns;

	if (conn->state == CONN_DEAD)
		return;
	conn->state = CONN_DEAD;
	conn->close_due = false;
	stream_close(&conn->stream);
	conns_remove(conns, conn);
	conns->queued_bytes -= conn->queue.bytes;
	send_queue_free(&conn->queue, &conns->held_bytes);
	conn_note_received(conn);
	conn_flush_later(conn); /* to be buried */
	conns->events->on_closed(conn);
}

/* What is left of it: after the tick, when nobody is inside one of its functions. */
void
conn_bury(struct conn *conn)
{
	conn_head_free(conn);
	conn_ws_free(conn);
	conn->conns->events->release(conn);
}

/*
 * It takes more of what it was slow to take. Many who do that at once share the turns: whose turn
 * it is not is ready in the next one, too.
 */
static void
conn_resume_output(struct conn *conn)
{
	struct conns *conns = conn->conns;
	uint64_t before = conns->bytes_out;

	if (conns->resumed_bytes >= CONNS_RESUMED_BYTES)
		return;
	conn_write(conn);
	conns->resumed_bytes += conns->bytes_out - before;
}

void
conn_ready(struct conn *conn, uint32_t events)
{
	bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0; /* the read says how */
	bool blocked = stream_wants_write(&conn->stream);

	if (conn->state == CONN_DEAD)
		return;
	if ((events & EPOLLOUT) && blocked)
		events |= EPOLLIN;
	if (events & EPOLLOUT)
		conn_resume_output(conn);
	if (conn->state != CONN_DEAD && (broken || ((events & EPOLLIN) && conn_reads(conn))))
		conn_read(conn);
	if (conn->state != CONN_DEAD && blocked)
		conn_poll(conn);
}

int
conn_start(struct conn *conn, struct conns *conns, int fd, struct tls *tls)
{
	if (stream_open(&conn->stream, fd, tls) < 0)
		return -1;
	conn->events = EPOLLIN;
	if (poller_add(&conns->poller, fd, conn->events, conn) < 0) {
		stream_close(&conn->stream);
		return -1;
	}
	conn->conns = conns;
	conn->next_flush = conn;
	conn->head = chat_alloc_zeroed(1, sizeof(*conn->head));
	conn->head->limit = CHAT_HTTP_HEAD_MAX + CONN_INPUT_BYTES;
	conn->since_ms = conn->heard_ms = clock_now_ms(conns->clock);
	conn_note_received(conn);
	conns_add(conns, conn);
	return 0;
}

void
conn_trust(struct conn *conn)
{
	conn->trusted = true;
}

void
conn_pause(struct conn *conn, enum conn_pause reason)
{
	conn->paused |= reason;
	if (conn->state != CONN_DEAD)
		conn_poll(conn);
}

void
conn_resume(struct conn *conn, enum conn_pause reason)
{
	conn->paused &= ~reason;
	if (conn->state != CONN_DEAD)
		conn_poll(conn);
}

void
conn_notify_drained(struct conn *conn)
{
	conn->tells_empty = true;
}

void
conn_raise_queue_limit(struct conn *conn, size_t bytes)
{
	size_t mib = (bytes + ((size_t)1 << 20) - 1) >> 20;

	if (mib > UINT8_MAX)
		mib = UINT8_MAX;
	if (mib > conn->spare_mib)
		conn->spare_mib = (uint8_t)mib;
}
