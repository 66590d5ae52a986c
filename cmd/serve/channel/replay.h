#ifndef SERVE_CHANNEL_REPLAY_H
#define SERVE_CHANNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/channel/member.h"

/*
 * The replay: a member that joined without `since` is sent the newest messages of the channel in
 * one `history`, and then is live. If the channel does not have the messages in memory, they are
 * read from the journal first (journal_newest_read), and the member waits for that.
 */
struct channel;

/*
 * Returns true if the newest messages of the channel are only in the journal, and no read of them
 * was begun.
 */
bool channel_needs_newest_read(const struct channel *channel);

/* Returns how many messages a replay has at most. */
uint32_t channel_replay_most(const struct channel *channel);

/*
 * Makes a member that has just joined wait for the read of the newest messages. The member borrows
 * catchup, which must stay valid until member_replay is called or the member leaves.
 */
void member_await_newest(struct member *member, struct member_catchup *catchup);

/*
 * Sends the replay. If the member has waited, then sends the messages that were published
 * meanwhile. Makes the member live. Its catchup is not used afterwards.
 */
void member_replay(struct member *member);

#endif
