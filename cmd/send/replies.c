/* --reply: a message answers one of ours if its replyTo is the id of our message. */
#include "send/replies.h"

#include "client/history_reader.h"
#include "command/diag.h"

void
replies_free(struct replies *replies)
{
	chat_seen_free(&replies->accepted);
	chat_seen_free(&replies->answers);
}

bool
replies_complete(const struct replies *replies)
{
	return replies->count >= replies->wanted || replies->asked == 0;
}

void
replies_ask(struct replies *replies, const struct chat_json_value *id, uint64_t instance)
{
	chat_seen_add(&replies->accepted, id);
	replies->asked++;
	replies->instance = instance;
}

static void
receive_message(struct replies *replies, struct report *report, const struct chat_msg *msg,
	struct chat_span text)
{
	if (!chat_msg_has(msg, CHAT_SLOT_REPLY_TO) || replies_complete(replies) ||
		!chat_seen_has(&replies->accepted, &msg->value[CHAT_SLOT_REPLY_TO]) ||
		chat_seen_has(&replies->answers, &msg->value[CHAT_SLOT_ID]))
		return;
	chat_seen_add(&replies->answers, &msg->value[CHAT_SLOT_ID]);
	replies->count++;
	report_line(report, text);
}

void
replies_receive(struct replies *replies, struct report *report, const struct chat_msg *msg,
	struct chat_span text)
{
	struct history_reader history;
	struct chat_msg past;

	if (replies->wanted == 0)
		return;
	if (msg->type == CHAT_TYPE_MESSAGE)
		receive_message(replies, report, msg, text);
	if (msg->type != CHAT_TYPE_HISTORY)
		return;
	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		receive_message(replies, report, &past, text);
}

bool
replies_check_rejoin(struct replies *replies, const struct membership *membership, bool complete)
{
	if (complete || replies_complete(replies))
		return true;
	if (membership->server.instance == replies->instance) {
		chat_warn("%s: answers may be missing that came meanwhile", membership->url_text);
		return true;
	}
	chat_warn("%s: the server was started anew and does not have what was asked: "
		  "no answer will come to it",
		membership->url_text);
	replies->asked = 0;
	chat_seen_free(&replies->accepted);
	return false;
}
