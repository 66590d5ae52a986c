/*
 * The limit on the memory of partly received request heads and messages. When all connections
 * together exceed it, the largest and most delayed ones are given up, and their connections are
 * closed.
 */
#include "serve/net/conn_private.h"
#include "serve/net/evict.h"
#include "serve/util/memory.h"

#define FRESH_MS 10 /* added to each delay, so that small differences have little weight */
#define IDLE_WEIGHT 4 /* the weight of the time without input in the delay */

void
conn_count_received(struct conn *conn)
{
	bool alive = conn->state != CONN_DEAD; /* conns_flush() frees a dead connection */
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
 * Returns the delay of a partly received head or message: the time since it began, plus the time
 * without input, multiplied by IDLE_WEIGHT. If reading is paused because the peer does not read,
 * returns the delay of a message without input for limits->message_ms.
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
 * Returns the memory of the partly received head or message, multiplied by its delay. So a peer
 * with many stalled messages does not cause the eviction of a large message that still arrives.
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

/* Frees the partly received head or message, and closes the connection, if possible with why. */
static void
give_up_received(struct conn *conn)
{
	static const char why[] = "the server is receiving too much at once";

	if (!conn_can_answer(conn)) {
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
	conn_finish(conn); /* input is discarded: the rest of the message, and the peer's Close */
}

void
receive_limit_enforce(struct conns *conns)
{
	static const struct eviction eviction = {weight_of, received_fits, give_up_received};

	evict_largest(conns, &eviction);
	conns->relief_received_bytes =
		conns->received_bytes + conns->limits.all_received_bytes / CONNS_RELIEF_PART;
}
