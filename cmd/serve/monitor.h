#ifndef SERVE_MONITOR_H
#define SERVE_MONITOR_H

#include <uv.h>

#include "err.h"
#include "serve/listener.h"

/*
 * A small HTTP server beside the chat: GET /metrics (Prometheus text), GET /healthz (200 "ok", or
 * 503 and what is wrong). A request each connection, a few at once, ten seconds each.
 */
struct server;
struct monitor_request;

struct monitor {
	struct server *server;
	struct listeners listeners;
	uv_poll_t *accepts;
	struct monitor_request *requests;
	size_t count;
};

/* Listens on an address as --listen takes it. Without one (NULL) nothing is done. */
int monitor_open(
	struct monitor *monitor, struct server *server, const char *address, struct chat_err *err);

/* Ends what is open; its handles close with the loop's next turn. */
void monitor_close(struct monitor *monitor);

#endif
