#ifndef SERVE_SESSION_CONTEXT_H
#define SERVE_SESSION_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/channel/channel.h"
#include "serve/net/address.h"
#include "serve/net/conn.h"
#include "serve/session/auth_queue.h"
#include "serve/session/backpressure.h"
#include "serve/session/catchup.h"
#include "serve/session/counters.h"
#include "serve/session/origin.h"
#include "serve/session/rate_limiter.h"
#include "serve/session/tokens.h"
#include "serve/util/clock.h"
#include "serve/util/error_log.h"
#include "serve/web/page.h"

#define SERVER_NAME "server" /* username and id of the user that --stdin posts as */

struct session_options {
	size_t max_connections; /* beyond it a request is refused */
	int64_t max_errors; /* bad messages in ERRORS_WINDOW_MS that end a connection */
	int64_t init_timeout_ms; /* from the request to the first init */
	bool needs_certificate; /* a username must be that of the peer's certificate */
	bool reserves_server_name; /* nobody may join as SERVER_NAME */
	bool is_public; /* peers that are not on this machine can connect */
	bool has_page; /* a browser gets the page (web/page.h) */
	bool is_verbose; /* joins, leaves and errors are written to the error log */
};

/* The state that all sessions of a loop share. */
struct session_context {
	struct session_options options;
	struct origin_names names; /* of pages and hosts that are allowed */
	size_t loop; /* the number of its loop, from 0 */
	size_t loops; /* how many loops the server has */
	bool not_ready; /* the server catches up with its cluster: requests get 503 */

	/*
	 * Passes a session, whose connection has left its set, to the loop session->destination,
	 * which calls session_adopt(). Used if there are several loops.
	 */
	void (*hand_over)(void *arg, struct session *session);
	void *arg;

	/* Borrowed from the server. */
	struct clock *clock;
	struct conns *conns;
	struct addresses *addresses;
	struct channels *channels;
	struct error_log *error_log;

	/* Of the sessions alone. */
	struct web_page page; /* valid if options.has_page */
	struct tokens tokens; /* path is NULL if no token is needed */
	struct rate_limiter rate_limiter;
	struct auth_queue auth_queue;
	struct backpressure backpressure;
	struct catchup catchup;
	struct session_counters counters;
	unsigned sweeps; /* how many times sessions_sweep was called */

	/* utlists of the sessions in each state (session.h); the oldest in that state is first. */
	struct session *awaiting_init, *denied, *stalled, *throttled, *settling;
};

/* Returns true if a peer has to prove its username, by a token or a certificate. Otherwise a name
 * and an id are only claims. */
static inline bool
names_are_proven(const struct session_context *context)
{
	return context->tokens.path || context->options.needs_certificate;
}

#endif
