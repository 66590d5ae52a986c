#ifndef SERVE_SESSION_ORIGIN_H
#define SERVE_SESSION_ORIGIN_H

#include <stdbool.h>

#include "chat/span.h"
#include "command/strings.h"

struct tls;

/* What a server is told about names, all borrowed. */
struct origin_names {
	const struct chat_strings *origins; /* of pages that may connect, whatever they asked for */
	const struct chat_strings *hosts; /* that it goes by */
	const struct tls *tls; /* the names of its certificate are its own, too; NULL: none */
};

/*
 * Whether a browser's page of this origin (RFC 6454) may connect: its origin is listed; or it has
 * the host and port that were asked for, and that host is the server's own; or both are loopback.
 * A literal address is its own, since no name leads to it; so are loopback names, those listed, and
 * the certificate's. Another name may be a foreign page's, whose address was changed to ours (DNS
 * rebinding). An empty origin is a program, not a page.
 */
bool origin_allowed(
	struct chat_span origin, struct chat_span host, const struct origin_names *names);

/*
 * Whether a connection from this machine asks for a host that this machine is: a loopback address,
 * localhost or a name below it (RFC 6761), a listed name or one of the certificate's; with any
 * port. Another name may be a foreign page's whose address was changed to ours.
 */
bool host_allowed(struct chat_span host, const struct origin_names *names);

#endif
