#ifndef SERVE_CHANNEL_MEMBER_H
#define SERVE_CHANNEL_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "serve/net/conn.h"

/*
 * A member: one connection in one channel. A user (roster.h) with several connections has several
 * members.
 *
 * A live member is sent each message when it is published. A new member catches up first: it is
 * sent messages of the past (since.h, replay.h).
 */
struct channel;
struct user;

/* The state of a member that is not live yet. */
struct member_catchup {
	uint64_t told; /* number of the last message that it was sent, or that its `since` names */
	uint64_t announced; /* channel->presence.announced when it was sent userData */
	bool complete; /* no message is missing before its next page */
	/* Echoes that wait for their messages (echo.h); NULL: none was owed. */
	struct owed_echo *owed;
	uint32_t owed_count, owed_cap;
};

struct member {
	struct conn *conn;
	struct channel *channel; /* NULL before it joins, and after it leaves */
	struct user *user; /* valid if channel is not NULL */
	struct member *next, *prev; /* in channel->members.first; valid if channel is not NULL */
	/*
	 * A stream position (pending.h). The announcements before it are in the list of users that
	 * the member was sent, also its own, and it is not sent them.
	 */
	uint64_t knows;
	uint64_t serial : 63; /* unique, ascending, not 0 */
	bool hidden : 1; /* it joined with presence "hidden" */
	struct member_catchup *catchup; /* NULL: it is live, or is no member */
};

/*
 * Sends a whole block. Takes over the caller's reference. The limit of the connection's queue is
 * raised by the size of the block, because the server chose to send so much at once.
 */
void member_send_block(struct member *member, struct block *block);

/*
 * Sends the frame at this offset of the block, `times` times. Adds its own references to the block.
 */
void member_send_frame(struct member *member, struct block *block, uint32_t at, uint64_t times);

/*
 * Returns true if the member was sent the message with this number, or its `since` is not before
 * that message. Always true for a live member.
 */
static inline bool
member_has_passed(const struct member *member, uint64_t number)
{
	return !member->catchup || number <= member->catchup->told;
}

#endif
