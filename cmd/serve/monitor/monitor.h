#ifndef SERVE_MONITOR_MONITOR_H
#define SERVE_MONITOR_MONITOR_H

#include <uv.h>

#include "chat/err.h"
#include "serve/net/acceptor.h"
#include "serve/net/listener.h"

/*
 * A small HTTP server beside the chat: GET /metrics (Prometheus text), GET /healthz (200 "ok", or
 * 503 and what is wrong). A request each connection, five seconds for its head and five for its
 * answer. There are few of either at once: who comes then has the place of the oldest.
 */
struct server;
struct monitor_request;

struct monitor {
	struct server *server;
	struct listeners listeners;
	struct acceptors acceptors;
	struct monitor_request *asking; /* oldest first; their heads are not there */
	struct monitor_request *answered; /* oldest first; what is theirs is being sent, or was */
	size_t asking_count, answered_count;
};

/* Listens on an address as --listen takes it. Without one (NULL) nothing is done. */
int monitor_open(
	struct monitor *monitor, struct server *server, const char *address, struct chat_err *err);

/* Ends what is open; its handles close with the loop's next turn. */
void monitor_close(struct monitor *monitor);
void monitor_free(struct monitor *monitor); /* then */

#endif
