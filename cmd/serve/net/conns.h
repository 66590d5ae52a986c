#ifndef SERVE_NET_CONNS_H
#define SERVE_NET_CONNS_H

#include <stddef.h>
#include <stdint.h>

#include "serve/net/conn.h"
#include "serve/net/poller.h"
#include "serve/net/send_batch.h"
#include "serve/util/clock.h"

/* The bounds of every connection. */
struct conn_limits {
	size_t max_message_bytes;
	size_t max_first_bytes; /* of a message before conn_trust() */
	uint32_t max_fragments;
	size_t queue_bytes; /* of one connection */
	size_t all_queues_bytes; /* of memory that they hold together */
	size_t all_received_bytes; /* of memory for what they have half read together */
	int64_t head_ms; /* from accept to the end of the request head */
	int64_t message_ms; /* from the first byte of a message to its last */
	int64_t close_ms; /* for the peer's Close after ours */
	int64_t ping_ms; /* of silence before a ping */
	int64_t pong_ms; /* of silence after it, until it is dead */
	int64_t progress_ms; /* without one byte of a queue going out */
};

/* All connections of one loop, and what they share. */
struct conns {
	struct clock *clock;
	const struct conn_events *events;
	struct poller poller;
	struct conn_limits limits;
	struct chat_ws_pool *ws_pool;
	char *input; /* one read buffer for all */
	struct conn *all; /* doubly linked */
	struct conn *sweep; /* where the sweep goes on; NULL: at the beginning */
	size_t sweep_count; /* of them at the beginning */
	struct chat_ws scratch; /* reads what comes whole; idle between turns */
	struct send_batch *batch; /* NULL: the kernel has none */
	struct conn *flush; /* those with something new to send, and the dead */
	size_t flush_count;
	size_t count;
	size_t queued_bytes; /* to be sent, in all queues together */
	size_t held_bytes; /* the memory of it, where they share (send_queue.h) */
	size_t relief_bytes; /* so much held by then, a turn is to send what it can */
	size_t received_bytes; /* of memory for what is half read */
	size_t refusal_bytes; /* so much of it by then, a turn is to give some up */
	uint64_t bytes_in, bytes_out;
	uint64_t resumed_bytes; /* sent in this turn to those who had been slow */
	uint64_t agreeing_ns; /* spent on agreements in this turn */
	uint64_t unruly; /* ended for what their TLS does */
	uint64_t silent, late; /* ended: no answer to a ping; no request head in time */
};

#define CONNS_RESUMED_BYTES ((uint64_t)4 << 20) /* in a turn, and one queue more */
/*
 * Read of a connection in a turn, at the most. Where many have something to say, less of each: a
 * turn in which all of them send the smallest frames that there are is to stay short.
 */
#define CONN_INPUT_BYTES ((size_t)64 << 10)
#define CONN_INPUT_LEAST ((size_t)2 << 10)
#define CONNS_INPUT_BYTES ((size_t)256 << 10) /* of all in a turn, about */

int conns_open(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err);
void conns_close(struct conns *conns); /* all are gone; before the loop ends */

/* End of a tick: sends what was queued, frees what died. */
void conns_flush(struct conns *conns);

/* Looks after the deadlines of a part of the connections: after `parts` calls, of all of them. */
void conns_sweep(struct conns *conns, size_t parts);

/* For conn.c: in and out of the set. */
void conns_add(struct conns *conns, struct conn *conn);
void conns_remove(struct conns *conns, struct conn *conn);

#endif
