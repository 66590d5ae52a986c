#ifndef SERVE_ORIGIN_H
#define SERVE_ORIGIN_H

#include <stdbool.h>

#include "opt.h"
#include "span.h"

/*
 * Whether a browser's page of this origin (RFC 6454) may connect: it has the host and port that
 * were asked for, or both are loopback, or it is listed. An empty origin is a program, not a page.
 */
bool origin_allowed(
	struct chat_span origin, struct chat_span host, const struct chat_strings *listed);

/*
 * Whether a connection from this machine asks for a host that this machine is: a loopback address,
 * localhost or a name below it (RFC 6761), or a listed name; with any port. Another name may be a
 * foreign page's whose address was changed to ours (DNS rebinding).
 */
bool host_allowed(struct chat_span host, const struct chat_strings *listed);

#endif
