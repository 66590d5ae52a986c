#ifndef SERVE_CHANNEL_REPLAY_H
#define SERVE_CHANNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/channel/member.h"

/*
 * The replay: a member that joined without `since` is sent the newest messages of the channel in
 * one `history`, and is live then. If the channel does not have them in memory, they are read from
 * the journal first (journal_newest_read), and the member waits for that.
 */
struct channel;

/* Returns true if the newest messages of the channel are in the journal alone. */
bool channel_needs_newest_read(const struct channel *channel);

/* Returns how many messages a replay has at the most. */
uint32_t channel_replay_most(const struct channel *channel);

/*
 * Has a member that has just joined wait until those were read. The member keeps catchup, which is
 * the caller's, until member_replay or until it leaves.
 */
void member_await_newest(struct member *member, struct member_catchup *catchup);

/*
 * Sends the replay, then the messages that were published while the member waited, and makes the
 * member live. It does not use its catchup any more.
 */
void member_replay(struct member *member);

#endif
