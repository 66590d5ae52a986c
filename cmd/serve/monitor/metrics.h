#ifndef SERVE_MONITOR_METRICS_H
#define SERVE_MONITOR_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "chat/err.h"

/*
 * What is counted while the server runs, and the two ways to show it: the Prometheus text format
 * (version 0.0.4) and a line of JSON. Counters that belong to a noun are kept there (conns,
 * channels) and collected when somebody asks; here are those that belong to none.
 */
struct server;

enum metrics_drop {
	METRICS_DROP_SLOW, /* did not read */
	METRICS_DROP_SILENT, /* did not answer a ping */
	METRICS_DROP_RULES, /* broke the framing or the bounds of TLS, or too many bad messages */
	METRICS_DROP_LATE, /* no head or init in time */
	METRICS_DROP_FULL, /* its message was half there, and too much was of all */
	METRICS_DROPS
};

#define METRICS_TURN_BUCKETS 8

struct metrics {
	uint64_t errors[CHAT_CODES]; /* sent, by code */
	uint64_t drops[METRICS_DROPS];
	uint64_t accepted; /* connections */
	uint64_t turns[METRICS_TURN_BUCKETS +
		1]; /* of the loop, by the time they took; the last: longer */
	uint64_t turns_ns;
	uint64_t now_ns, idle_ns; /* when the last turn ended, and how long the loop had waited */
};

/* Asks the loop to keep its idle time; before it runs. */
void metrics_init(struct metrics *metrics, uv_loop_t *loop);

/* A turn of the loop ends: what it took is the time since the last one less the waiting. */
void metrics_turn(struct metrics *metrics, uv_loop_t *loop);

/* Appends all of it. */
void metrics_write_prometheus(struct chat_buf *out, const struct server *server);
void metrics_write_json(struct chat_buf *out, const struct server *server);

#endif
