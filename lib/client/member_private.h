#ifndef CLIENT_MEMBER_PRIVATE_H
#define CLIENT_MEMBER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/member.h"
#include "client/delivery.h"
#include "client/history_reader.h"
#include "client/login.h"
#include "client/membership.h"
#include "client/pollable.h"
#include "client/seen.h"

/*
 * Shared by the files member_*.c alone. A member is a membership and a delivery, a descriptor to
 * poll, and what is left to tell: one event of the membership may be many events of the member.
 */
#define MEMBER_STRINGS 7 /* of the options that are borrowed by the login and the membership */

struct chat_member {
	char *strings[MEMBER_STRINGS]; /* copies; owned; NULL: not given */
	struct login login;
	struct chat_url_list urls;
	struct membership membership;
	struct delivery delivery;
	struct pollable pollable;
	struct poll_set waits;
	struct seen seen; /* the ids of the messages that were told */
	struct seen accepted_ids; /* the ids of our own messages */
	bool resumes; /* `since` was given: the first history is what was missed */

	/* The last event of the membership, and the part of it that is not told yet: */
	struct membership_event came;
	bool first_due; /* the answer to init is a message or a history, which is to be told, too */
	bool gap_due;
	bool caught_up_due;
	struct history_reader past; /* ended: there is nothing left */
	int64_t past_skip; /* the next messages of it that are known already */
	bool item_told; /* the first item of the outbox was told, and is removed next */

	/* Of the current connection: */
	bool past_done; /* the last page of its history came */

	bool was_caught_up; /* on any connection */
	struct {
		bool asked;
		bool begun; /* the connection is being closed, or there is none */
		int64_t deadline_ms;
	} close;
	bool ended, end_told; /* the membership has ended; CHAT_EVENT_ENDED was returned */

	/* The event that the caller has: */
	struct chat_event event;
	struct chat_msg msg; /* a message of a history, or a receipt */
	struct chat_buf id; /* scratch: event.id */
};

/* ---- member_past.c ---- */

/* Begins to tell a history, which is member->came. */
void chat_member_begin_past(struct chat_member *member);

/* Tells the next message of it that is new. Returns false if there is none. */
bool chat_member_tell_past(struct chat_member *member);

/* Ends the past of a connection: is a gap due? */
void chat_member_end_past(struct chat_member *member);

/* ---- member_next.c ---- */

/* Makes a `message` the event, unless it was told before. Returns false if it was. */
bool chat_member_tell_message(
	struct chat_member *member, struct chat_span text, const struct chat_msg *msg);

#endif
