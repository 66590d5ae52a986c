/* The past of a member: each message of a history is an event, and a gap in it is one. */
#include "client/member_private.h"

#include <string.h>

/* Returns true if all messages are wanted, and none came yet. */
static bool
wants_beginning(const struct chat_member *member)
{
	return !member->was_caught_up &&
		strcmp(chat_position_id(&member->membership.position), POSITION_BEGINNING) == 0;
}

/* Returns true if the history is what was missed: it must go on where the last message was. */
static bool
is_missed(const struct chat_member *member)
{
	return member->resumes || member->membership.rejoined;
}

/*
 * Returns true if no message is missing before a history. If all are wanted, none is missing before
 * the first one that the server keeps; only one without pages may keep more than it shows.
 */
static bool
continues(const struct chat_member *member, const struct chat_msg *msg)
{
	const char *last_id = chat_position_id(&member->membership.position);

	if (!is_missed(member) || !*last_id)
		return true;
	if (wants_beginning(member) &&
		(member->membership.server.pages || !chat_msg_has(msg, CHAT_SLOT_COMPLETE)))
		return true;
	return chat_history_continues(msg, last_id, &member->seen);
}

void
chat_member_begin_past(struct chat_member *member)
{
	const struct chat_msg *msg = member->came.msg;
	const char *last_id = chat_position_id(&member->membership.position);
	bool more =
		chat_msg_has(msg, CHAT_SLOT_MORE) && msg->value[CHAT_SLOT_MORE].raw.at[0] == 't';

	member->past_done = !more;
	member->gap_due = !continues(member, msg);
	member->past_skip = !*last_id || member->membership.server.pages
		? 0
		: chat_history_count_to(msg, last_id);
	chat_history_reader_begin(&member->past, msg);
}

bool
chat_member_tell_past(struct chat_member *member)
{
	struct chat_span text;

	while (!member->past.ended) {
		if (!chat_history_reader_next(&member->past, &text, &member->msg))
			return false;
		if (member->past_skip-- > 0)
			continue;
		if (chat_member_tell_message(member, text, &member->msg)) {
			member->event.history = !is_missed(member);
			chat_recent_hops_note(&member->delivery.outbox.recent_hops, &member->msg);
			chat_membership_progress(&member->membership);
			return true;
		}
	}
	return false;
}

void
chat_member_end_past(struct chat_member *member)
{
	member->gap_due = !member->past_done && is_missed(member) &&
		*chat_position_id(&member->membership.position) && !wants_beginning(member);
	member->caught_up_due = true;
	member->past_done = member->was_caught_up = true;
}
