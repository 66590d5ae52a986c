#ifndef SERVE_SESSION_VISIT_H
#define SERVE_SESSION_VISIT_H

#include "serve/net/conn.h"

/*
 * A request for a channel that asks for no WebSocket: a browser gets the page, another program a
 * text (conn_events.on_visit). The same peers as for a WebSocket are refused.
 */
int session_visit(struct conn *conn, const struct chat_http_request *request,
	struct chat_buf *answer, const char **why);

#endif
