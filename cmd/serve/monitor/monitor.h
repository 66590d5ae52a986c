#ifndef SERVE_MONITOR_MONITOR_H
#define SERVE_MONITOR_MONITOR_H

#include <stddef.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/monitor/sources.h"
#include "serve/net/acceptor.h"
#include "serve/net/listener.h"

/*
 * A small HTTP server beside the chat (--metrics): GET /metrics answers with the metrics, GET
 * /healthz with 200 "ok", or with 503 and what is wrong. Each connection makes one request, and has
 * five seconds for its head and five for the answer. The requests that wait for their head, and
 * those that wait for their answer, are limited: one more ends the oldest.
 */
struct monitor_request;

struct monitor {
	uv_loop_t *loop;
	struct monitor_sources sources;
	struct listeners listeners;
	struct acceptors acceptors;
	struct monitor_request *asking; /* utlist, oldest first; their heads are not complete */
	struct monitor_request *answered; /* utlist, oldest first; the answer is being sent */
	size_t asking_count, answered_count;
};

/*
 * Listens on an address, in the form of --listen. Without one (NULL) it serves nothing. Returns 0,
 * or -1 with an error; monitor_close and monitor_free are due in both cases.
 */
int monitor_open(struct monitor *monitor, uv_loop_t *loop, const struct monitor_sources *sources,
	const char *address, struct chat_err *err);

/* Ends all requests; their handles close in the loop's next turn. Call monitor_free after that. */
void monitor_close(struct monitor *monitor);
void monitor_free(struct monitor *monitor);

#endif
