#ifndef SERVE_SESSION_REQUEST_H
#define SERVE_SESSION_REQUEST_H

#include "serve/session/session.h"

/* Decides on the request of a connection, by where it comes from: conn_events.on_request. */
int session_request(struct conn *conn, const struct chat_http_request *request, const char **why);

#endif
