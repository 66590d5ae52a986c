#ifndef SERVE_CHANNEL_MEMBER_H
#define SERVE_CHANNEL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "serve/net/conn.h"

/*
 * A member: one connection in one channel. A user (roster.h) may have several connections, and so
 * be several members.
 *
 * A member is live when it is sent each message as it is published. Before that it catches up: it
 * is sent messages of the past (since.h, replay.h).
 */
struct channel;
struct user;

/* The state of a member that is not live yet. */
struct member_catchup {
	uint64_t told; /* number of the last message that it was sent, or that its `since` names */
	uint64_t announced; /* channel->presence.announced when it was sent the list of users */
	bool complete; /* no message is missing before its next page */
	struct owed_echo *owed; /* echoes that wait for their messages (echo.h); NULL: none */
	uint32_t owed_count, owed_cap;
};

struct member {
	struct conn *conn;
	struct channel *channel; /* NULL before it joins, and after it leaves */
	struct user *user; /* valid while channel is */
	struct member *next, *prev; /* in channel->members.first, in the order of joining */
	/* Stream position of its own userStatus, which it is not sent; or MEMBER_SKIPS_NOTHING. */
	uint64_t skip;
	uint64_t serial : 63; /* unique, ascending, not 0 */
	bool hidden : 1; /* it joined with presence "hidden" */
	struct member_catchup *catchup; /* NULL: it is live */
};

#define MEMBER_SKIPS_NOTHING UINT64_MAX

/*
 * Sends a whole block. Takes over the caller's reference. The block does not count against the
 * limit of the connection's queue, because the server chose to send so much at once.
 */
void member_send_block(struct member *member, struct block *block);

/* Sends the frame that begins at this offset of the block, so many times. */
void member_send_frame(struct member *member, struct block *block, uint32_t at, uint64_t times);

/* Returns true if the message of this number was sent to it, or was before its `since`. */
static inline bool
member_has_passed(const struct member *member, uint64_t number)
{
	return !member->catchup || number <= member->catchup->told;
}

#endif
