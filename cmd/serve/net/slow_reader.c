/*
 * Slow readers: peers that do not read what is sent to them. All limits on send queues are here.
 *
 * - One queue: limits->queue_bytes. If the queue is over half of the limit, reading is paused, so
 *   that a peer cannot fill its queue with answers to its own requests. If the queue is over the
 *   limit, the connection is dropped.
 * - All queues together: limits->all_queues_bytes of memory. If it is exceeded, connections are
 *   dropped in the order of evict.h.
 * - Time: limits->progress_ms without a sent byte. The connection is dropped (timeouts.c checks).
 *
 * No message is skipped: after a drop, the peer can reconnect and catch up (`since`).
 */
#include "serve/net/conn_private.h"
#include "serve/net/evict.h"

/* ---- one queue ---- */

void
conn_raise_queue_limit(struct conn *conn, size_t bytes)
{
	size_t mib = (bytes + ((size_t)1 << 20) - 1) >> 20;

	if (mib > UINT8_MAX)
		mib = UINT8_MAX;
	if (mib > conn->extra_queue_mib)
		conn->extra_queue_mib = (uint8_t)mib;
}

void
slow_reader_drop(struct conn *conn, const char *why)
{
	struct conns *conns = conn->conns;

	if (conn->answer_bytes) { /* the HTTP answer is not sent: it cannot be cut */
		conn_abort(conn);
		return;
	}
	conns->queued_bytes -= conn->queue.bytes;
	send_queue_cut(&conn->queue, &conns->held_bytes);
	send_queue_compact(&conn->queue, &conns->held_bytes);
	conns->queued_bytes += conn->queue.bytes;
	conns->events->on_slow_reader(conn, why);
	conn_close(conn, 1008, "slow consumer");
	if (conn->close_due) /* no message comes after the missing ones, to be taken for the next
				one */
		conn_send_close(conn);
}

void
slow_reader_check(struct conn *conn)
{
	size_t limit = conn->conns->limits.queue_bytes + ((size_t)conn->extra_queue_mib << 20);

	if (send_queue_size(&conn->queue) > limit && conn->state == CONN_OPEN)
		slow_reader_drop(conn, "you read too slowly");
	if (conn->in.paused & CONN_PAUSE_QUEUE)
		limit /= 2;
	if (send_queue_size(&conn->queue) > limit / 2)
		conn->in.paused |= CONN_PAUSE_QUEUE;
	else
		conn->in.paused &= ~CONN_PAUSE_QUEUE;
	conn_poll(conn);
}

bool
slow_reader_is_stuck(const struct conn *conn, int64_t now_ms)
{
	return (conn->polled & EPOLLOUT) &&
		now_ms - conn->progress_ms > conn->conns->limits.progress_ms;
}

/* ---- all queues together ---- */

static size_t
bytes_of(const struct conn *conn)
{
	return send_queue_share(&conn->queue) + stream_unsent(&conn->stream);
}

static bool
queues_fit(const struct conns *conns)
{
	return conns->held_bytes <= conns->limits.all_queues_bytes;
}

/* Drops an open connection. Aborts one that is closing already. */
static void
drop_or_abort(struct conn *conn)
{
	if (conn->state == CONN_OPEN)
		slow_reader_drop(conn, "the server's queues are full, and yours is the largest");
	else
		conn_abort(conn);
}

void
slow_readers_enforce_limit(struct conns *conns)
{
	static const struct eviction eviction = {bytes_of, queues_fit, drop_or_abort};

	if (!queues_fit(conns)) {
		for (struct conn *conn = conns->all; conn; conn = conn->next)
			send_queue_compact(&conn->queue, &conns->held_bytes);
		evict_largest(conns, &eviction);
	}
	conns->relief_held_bytes =
		conns->held_bytes + conns->limits.all_queues_bytes / CONNS_RELIEF_PART;
}
