/*
 * The messages of --exec: each message of the channel is offered to the command, the lines of the
 * command are put into the outbox, and `unanswered` records what is answered.
 */
#include "listen/bot_private.h"

#include "client/nonce.h"
#include "client/via.h"
#include "command/diag.h"
#include "text/clock.h"

#define STUFFED_BYTES_MAX ((size_t)64 << 20) /* memory of the outbox while the output is full */
#define ANSWER_MS 10000 /* a message this long after the last one is no answer to it */

/* Returns true if the nonce of a message is that of an answer of this command to its replyTo. */
static bool
is_answer(const struct bot *bot, const struct chat_msg *msg)
{
	char prefix[NONCE_PREFIX_LEN + 1];
	struct nonce nonce;

	if (!chat_msg_has(msg, CHAT_SLOT_REPLY_TO) || !chat_msg_has(msg, CHAT_SLOT_NONCE) ||
		!chat_nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]))
		return false;
	answer_prefix(prefix, &bot->answerer, &msg->value[CHAT_SLOT_REPLY_TO]);
	return chat_span_equal(nonce.prefix, chat_span_of(prefix));
}

/*
 * Returns true if this command sent a message of our user. The prefix of the nonce is that of this
 * process, or of an answer of this command. If the nonce is not of our form, the id must be that of
 * an accepted message.
 */
static bool
is_own(const struct bot *bot, const struct chat_msg *msg, const struct identity *self)
{
	struct nonce nonce;

	if (!chat_identity_owns(self, msg))
		return false;
	if (!chat_msg_has(msg, CHAT_SLOT_NONCE) ||
		!chat_nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]))
		return chat_seen_has(&bot->accepted_ids, &msg->value[CHAT_SLOT_ID]);
	return chat_span_equal(nonce.prefix, chat_span_of(bot->delivery.outbox.prefix)) ||
		is_answer(bot, msg);
}

bool
bot_offer(struct bot *bot, const struct chat_msg *msg, const struct identity *self)
{
	unsigned hops;

	if (msg->type != CHAT_TYPE_MESSAGE)
		return true;
	if (is_own(bot, msg, self)) {
		if (is_answer(bot, msg))
			chat_seen_add(&bot->answer_nonces, &msg->value[CHAT_SLOT_NONCE]);
		return false;
	}
	hops = chat_via_hops(msg);
	unanswered_add(&bot->unanswered, &msg->value[CHAT_SLOT_ID], hops);
	bot->last_hops = hops;
	bot->last_given_ms = chat_now_ms();
	return true;
}

/*
 * Returns the hops of a message of the command: one more than those of the message that it answers.
 * The hops of that message are taken from the draft, else from `question`, the message of replyTo
 * (NULL: not known), else from the last message that the command was given. Returns 1 if that was
 * more than ANSWER_MS ago.
 */
static unsigned
hops_of(const struct bot *bot, const struct draft *draft, const struct unanswered_entry *question)
{
	if (draft->has_hops)
		return chat_via_hops_after(draft->hops);
	if (question)
		return chat_via_hops_after(question->hops);
	if (bot->last_given_ms == 0 || chat_now_ms() - bot->last_given_ms > ANSWER_MS)
		return 1;
	return chat_via_hops_after(bot->last_hops);
}

/*
 * Adds the next nonce to an answer. Returns true if the channel already has this answer, from an
 * earlier or another process of the same command.
 */
static bool
add_nonce(struct bot *bot, struct draft *draft, struct unanswered_entry *question, unsigned hops)
{
	char prefix[NONCE_PREFIX_LEN + 1], nonce[NONCE_SIZE];

	answer_prefix(prefix, &bot->answerer, &draft->reply_to);
	chat_nonce_write(nonce, prefix, question->answers++, hops);
	answer_add_nonce(draft, nonce);
	return chat_seen_has(&bot->answer_nonces, &draft->nonce);
}

/* Adds a message of the command to the outbox. Takes over the draft. */
static void
take_message(struct bot *bot, struct draft *draft)
{
	struct unanswered_entry *question = NULL;
	unsigned hops;
	bool in_channel = false;

	if (draft->has_reply_to)
		question = unanswered_find(&bot->unanswered, &draft->reply_to);
	hops = hops_of(bot, draft, question);
	if (question && !draft->has_nonce)
		in_channel = add_nonce(bot, draft, question, hops);
	draft->hops = hops;
	if (in_channel)
		chat_outbox_add_settled(&bot->delivery.outbox, bot->lines.number, draft);
	else
		chat_outbox_add(&bot->delivery.outbox, bot->lines.number, draft);
}

static void
take_line(struct bot *bot, struct chat_span line)
{
	struct draft draft;
	struct chat_err err;

	if (line.len == 0)
		return;
	if (answer_is_done(&draft, line)) {
		chat_outbox_add_settled(&bot->delivery.outbox, bot->lines.number, &draft);
		return;
	}
	if (chat_draft_read(&draft, line, &err) < 0) {
		chat_warn("%s: line %llu: %s: %s", bot->command.argv[0],
			(unsigned long long)bot->lines.number, chat_code_word(err.code), err.text);
		return;
	}
	take_message(bot, &draft);
}

/* Takes a line. Returns false if no whole line is buffered, or at the end of the output. */
static bool
take_next_line(struct bot *bot)
{
	struct chat_span line;

	switch (chat_lines_take(&bot->lines, &line)) {
	case CHAT_LINE_TAKEN:
	case CHAT_LINE_CUT_OFF:
		take_line(bot, line);
		return true;
	case CHAT_LINE_TOO_LONG:
		chat_warn("%s: line %llu: more than %u bytes", bot->command.argv[0],
			(unsigned long long)bot->lines.number, BOT_LINE_MAX_BYTES);
		return true;
	case CHAT_LINE_END:
		bot_close_fd(&bot->from_fd);
		return false;
	default:
		return false;
	}
}

/*
 * While the output is full nothing is received, no receipt either, so that the outbox stays full.
 * The lines are taken nevertheless: else the command would wait until its lines are taken, and
 * nobody would read the output.
 */
bool
bot_has_room(const struct bot *bot)
{
	const struct outbox *outbox = &bot->delivery.outbox;
	size_t bytes = outbox->bytes + (outbox->next - outbox->first) * sizeof(struct item);

	return chat_outbox_has_room(outbox) || (bot->stuffed && bytes < STUFFED_BYTES_MAX);
}

void
bot_take_lines(struct bot *bot)
{
	struct chat_err err;
	int got;

	bot->dry = false;
	while (bot->from_fd >= 0 && bot_has_room(bot)) {
		if (take_next_line(bot) || bot->from_fd < 0)
			continue;
		got = chat_lines_fill(&bot->lines, &err);
		if (got < 0)
			chat_warn("%s: %s", bot->command.argv[0], err.text);
		if (got > 0 || bot->lines.ended)
			continue;
		if (got < 0 || bot->command.pid == 0)
			bot_close_fd(&bot->from_fd);
		bot->dry = true;
		break;
	}
}

/*
 * Returns true if another process of the same command has given another answer: the server refused
 * this one because its nonce is in use, or the other answer came first, with the same nonce.
 */
static bool
is_answered(const struct bot *bot, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	char prefix[NONCE_PREFIX_LEN + 1];
	struct chat_msg msg;
	struct nonce nonce;

	if (!item->draft.has_reply_to || !item->draft.has_nonce ||
		!chat_nonce_read(&nonce, &item->draft.nonce))
		return false;
	answer_prefix(prefix, &bot->answerer, &item->draft.reply_to);
	if (!chat_span_equal(nonce.prefix, chat_span_of(prefix)))
		return false;
	if (item->state == ITEM_UNKNOWN)
		return item->why;
	return item->state == ITEM_REFUSED &&
		chat_msg_read(&msg, receipt, CHAT_FROM_SERVER, NULL) == 0 &&
		chat_json_string_is(&msg.value[CHAT_SLOT_CODE], CHAT_SPAN("nonce_reused"));
}

/* Warns of a settled message if it was not accepted. Some results need no warning. */
static void
warn_item(const struct bot *bot, const struct item *item)
{
	unsigned long long line = item->line;
	const char *name = bot->command.argv[0];

	if (item->state == ITEM_ACCEPTED || item->state == ITEM_PASSED ||
		item->state == ITEM_LOOPED)
		return;
	if (is_answered(bot, item))
		return;
	if (item->state == ITEM_REFUSED || item->state == ITEM_ILLEGAL)
		chat_warn("%s: line %llu: refused: %.*s", name, line, (int)item->receipt_len,
			item->receipt);
	else if (item->state == ITEM_UNKNOWN)
		chat_warn("%s: line %llu: may or may not have been accepted%s%s", name, line,
			item->why ? ": " : "", item->why ? item->why : "");
	else
		chat_warn("%s: line %llu: not sent", name, line);
}

void
bot_take_settled(struct bot *bot)
{
	const struct item *item;

	while ((item = chat_outbox_settled(&bot->delivery.outbox))) {
		warn_item(bot, item);
		if ((item->state == ITEM_UNKNOWN || item->state == ITEM_UNSENT) &&
			!is_answered(bot, item))
			bot->owes = true;
		else if (item->draft.has_reply_to && !bot->owes)
			unanswered_settle(&bot->unanswered, &item->draft.reply_to);
		chat_outbox_pop(&bot->delivery.outbox);
	}
	if (!bot->ended_well || !chat_outbox_empty(&bot->delivery.outbox))
		return;
	bot->ended_well = false;
	if (!bot->owes)
		unanswered_close(&bot->unanswered);
}
