#ifndef SERVE_LIMITS_H
#define SERVE_LIMITS_H

#include <stdbool.h>

#include "serve/channel/channel.h"
#include "serve/config.h"
#include "serve/journal/disk_journal.h"
#include "serve/net/conn.h"
#include "serve/session/context.h"
#include "serve/util/lending.h"

/*
 * Turns options into limits. Each function returns the limits of one part of the server, which
 * enforces them (the list in server.h names the files).
 */

/* Raises the limit of open files as far as it goes. Returns 0, or -1 with CHAT_CANNOT_CONNECT if it
 * is still too low for a server. */
int limits_raise_files(struct chat_err *err);

/* Of connections: sizes of messages and queues, timeouts (net/). */
struct conn_limits conn_limits_of(const struct config *config);

/* Of channels: members, history, replay (channel/). */
struct channels_limits channels_limits_of(const struct config *config);

/* Of the journal: sync, size, age (journal/). */
struct journal_options journal_options_of(const struct config *config);

/*
 * Of sessions: connections, bad messages, init (session/). is_public: peers that are not on this
 * machine can connect. If the limit of open files is too low for --max-connections, fewer
 * connections are allowed.
 */
struct session_options session_options_of(const struct config *config, bool is_public);

/* Of what loops lend each other (util/lending.h). */
void lent_limits_of(size_t total[LENT_KINDS], const struct config *config);

/* Of what a peer may send and join per second (session/rate_limiter.h). */
void rate_limits_of(struct rate_limit limits[RATE_KINDS], const struct config *config);

#endif
