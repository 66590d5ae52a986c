/*
 * The limit on the memory of request heads and messages that are partly received. Where all
 * connections together exceed it, the message is given up that is the largest and the most delayed.
 */
#include "serve/net/conn_private.h"
#include "serve/net/evict.h"
#include "serve/util/memory.h"

#define FRESH_MS 10 /* added to each delay: differences below it count little */
#define IDLE_WEIGHT 4 /* by which time without a byte counts more than time since the beginning */

void
conn_count_received(struct conn *conn)
{
	bool alive = conn->state != CONN_DEAD; /* a dead one is freed by the next conns_flush() */
	const struct conn_input *in = &conn->in;
	size_t bytes = 0;

	if (alive && in->head)
		bytes += memory_cost(sizeof(*in->head)) + in->head->cap;
	if (alive && in->ws)
		bytes += memory_cost(sizeof(*in->ws)) + chat_ws_memory(in->ws);
	conn->conns->received_bytes += bytes;
	conn->conns->received_bytes -= in->memory_bytes;
	conn->in.memory_bytes = (uint32_t)bytes;
}

/*
 * Returns how long the message has been arriving, and more for the time in which none of it
 * arrived. A peer that is not read because it does not read has the longest delay there is.
 */
static int64_t
delay_ms(const struct conn *conn)
{
	int64_t begun_ms = conn->state == CONN_HANDSHAKE ? conn->since_ms : conn->in.message_ms;
	int64_t now_ms = clock_now_ms(conn->conns->clock);

	if (conn->in.paused & CONN_PAUSE_QUEUE)
		return IDLE_WEIGHT * conn->conns->limits.message_ms;
	return begun_ms ? now_ms - begun_ms + IDLE_WEIGHT * (now_ms - conn->in.last_ms) : 0;
}

/*
 * Returns the memory of what is partly received, weighted by its delay. Thus a peer with many
 * stalled messages cannot get a large message evicted that is still arriving.
 */
static size_t
weight_of(const struct conn *conn)
{
	return conn->in.memory_bytes * (size_t)(delay_ms(conn) + FRESH_MS);
}

static bool
received_fits(const struct conns *conns)
{
	return conns->received_bytes <= conns->limits.all_received_bytes;
}

/* Frees what is partly received, and closes the connection, with a reason where one can be sent. */
static void
give_up_received(struct conn *conn)
{
	static const char why[] = "the server is receiving too much at once";

	if (!stream_is_up(&conn->stream)) { /* nothing can be sent before the TLS handshake */
		conn_abort(conn);
		return;
	}
	if (conn->state == CONN_HANDSHAKE) {
		conn_refuse(conn, 503, why);
	} else if (conn->state == CONN_OPEN) {
		conn->conns->events->on_overload(conn, why);
		conn_close(conn, 1008, why);
	}
	conn_head_free(conn);
	conn_ws_free(conn);
	conn_count_received(conn);
	conn_finish(conn); /* the rest of the message is discarded, and the peer's Close with it */
}

void
receive_limit_enforce(struct conns *conns)
{
	static const struct eviction eviction = {weight_of, received_fits, give_up_received};

	evict_largest(conns, &eviction);
	conns->relief_received_bytes =
		conns->received_bytes + conns->limits.all_received_bytes / CONNS_RELIEF_PART;
}
