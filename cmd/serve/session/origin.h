#ifndef SERVE_SESSION_ORIGIN_H
#define SERVE_SESSION_ORIGIN_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/span.h"
#include "command/strings.h"

struct tls;

/* The names that decide which pages and hosts are allowed. All pointers are borrowed. */
struct origin_names {
	const struct chat_strings *origins; /* of pages that may connect to any host */
	const struct chat_strings *hosts; /* names of the server */
	struct tls *tls; /* its certificate has more names of the server; NULL: no TLS */
};

/* Checks that browsers may send these origins: https://host, http://host:8080 or "null". Returns 0,
 * or -1 with CHAT_USAGE. */
int origins_check(const struct chat_strings *origins, struct chat_err *err);

/*
 * Returns true if a page of this origin (RFC 6454) may connect. `host` is the Host of its request.
 * A page may connect if its origin is listed; or if its host and port are those of the
 * request and the host is the server's own; or if both hosts are loopback. The server's own hosts
 * are literal addresses, loopback names, the listed names, and those of the certificate. Any other
 * name may belong to a foreign page that has changed the name's address to ours (DNS rebinding). An
 * empty origin is that of a program that is no browser, which may connect.
 */
bool origin_allowed(
	struct chat_span origin, struct chat_span host, const struct origin_names *names);

/*
 * Returns true if a request from this machine may name this host: a loopback address, localhost or
 * a name below it (RFC 6761), a listed name or one of the certificate, with any port. Another name
 * may belong to a foreign page, as above.
 */
bool host_allowed(struct chat_span host, const struct origin_names *names);

#endif
