#ifndef SERVE_UTIL_LENDING_H
#define SERVE_UTIL_LENDING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Limits of the process that several loops share. Each loop may always use an equal part, which is
 * at least 1 if the limit is not 0, and also what the others do not use: they lend it. A loop says
 * what it uses once in a tick; then it learns its present limit. If another loop takes back its
 * part, the limit becomes lower, and the loop has to release what is above it. So all loops
 * together exceed a limit only by what they take within a tick, or until each of them has had one.
 *
 * There is no lock: a loop writes its own numbers and reads those of the others.
 */
enum lent {
	LENT_QUEUES, /* bytes of send queues */
	LENT_RECEIVED, /* bytes of half-received messages */
	LENT_HISTORY, /* bytes */
	LENT_NONCES, /* a number */
	LENT_NONCE_BYTES,
	LENT_PAGES, /* bytes of pages of the past */
	LENT_CHANNELS, /* a number */
	LENT_KINDS
};

struct lending;

/* Makes the shared limits for so many loops. total: of each kind. The caller frees it. */
struct lending *lending_new(size_t loops, const size_t total[LENT_KINDS]);
void lending_free(struct lending *lending); /* does nothing for NULL */

/*
 * Says that a loop uses so much. Updates *limit, which is at least the equal part. If the loop uses
 * less than its equal part, *limit may be left as it is, unless fresh is true.
 */
void lending_update(struct lending *lending, size_t loop, enum lent kind, size_t used, bool fresh,
	size_t *limit);

#endif
