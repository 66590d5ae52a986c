#ifndef SERVE_SESSION_REQUEST_H
#define SERVE_SESSION_REQUEST_H

#include "serve/session/session.h"

/*
 * Returns 0 if the peer of a request may connect: its host, its origin, and the number of
 * connections. Otherwise returns the HTTP status to refuse it with; *why is the reason.
 */
int session_check_peer(
	struct session *session, const struct chat_http_request *request, const char **why);

/*
 * Returns true if the channel of a request lives on another loop, and sets session->destination
 * (conn_events.belongs_elsewhere). The loop of a channel follows from a hash of its name.
 */
bool session_belongs_elsewhere(struct conn *conn, const struct chat_http_request *request);

/* Handles the request of a connection (conn_events.on_request). Returns 101 to accept it, or the
 * HTTP status to refuse it with; then *why is the reason. */
int session_request(struct conn *conn, const struct chat_http_request *request, const char **why);

#endif
