/*
 * A program in the place of a person. It may be slow, die, or say nonsense: the membership goes on.
 */
#include "listen/bot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat/clock.h"
#include "client/nonce.h"
#include "client/via.h"
#include "command/diag.h"

#define LINE_MAX_BYTES (16u << 20)
#define WINDOW 256
#define ANSWER_MS 10000 /* what is said so long after a message was heard does not answer it */
#define STEADY_MS 10000 /* a command that lived so long is started again at once */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
fail(struct bot *bot, struct chat_err *err)
{
	close_fd(&bot->to_fd);
	close_fd(&bot->from_fd);
	if (err && err->code == CHAT_OK)
		chat_fail(err, CHAT_INTERNAL, "%s: %m", bot->command.argv[0]);
	return -1;
}

static int
start(struct bot *bot, struct chat_err *err)
{
	int to[2], from[2], failed;
	uint64_t written;

	err->code = CHAT_OK;
	if (pipe2(to, O_CLOEXEC) < 0)
		return fail(bot, err);
	bot->to_fd = to[1];
	if (pipe2(from, O_CLOEXEC) < 0) {
		close(to[0]);
		return fail(bot, err);
	}
	bot->from_fd = from[0];
	failed = command_start(&bot->command, to[0], from[1], err);
	close(to[0]);
	close(from[1]);
	if (failed)
		return fail(bot, err);
	/* Our ends of pipes that we made: nobody else holds these open files. */
	fcntl(bot->to_fd, F_SETFL, O_NONBLOCK);
	fcntl(bot->from_fd, F_SETFL, O_NONBLOCK);
	written = output_end(bot->output);
	output_open(bot->output, bot->to_fd);
	bot->output->written = written; /* marks go by it */
	chat_lines_init(&bot->lines, bot->from_fd, LINE_MAX_BYTES);
	bot->started_ms = chat_now_ms();
	return 0;
}

int
bot_open(struct bot *bot, struct output *output, const struct identity *identity,
	struct chat_err *err)
{
	bot->output = output;
	bot->to_fd = bot->from_fd = -1;
	bot->restart_ms = INT64_MAX;
	courier_init(&bot->courier, identity, WINDOW, ACK_AUTO);
	bot->courier.listens = true;
	bot->courier.outbox.said = &bot->said;
	answerer_begin(&bot->answerer, bot->command.argv);
	return start(bot, err);
}

static void
close_input(struct bot *bot)
{
	close_fd(&bot->to_fd);
	output_close(bot->output);
	bot->output->fd = -1;
}

void
bot_close(struct bot *bot)
{
	close_input(bot);
	close_fd(&bot->from_fd);
	chat_lines_free(&bot->lines);
	courier_free(&bot->courier);
	seen_free(&bot->said);
	seen_free(&bot->answered);
	ledger_free(&bot->ledger);
}

/* By a nonce of this process, or of an answer of this command, or as its own nonce came back. */
static bool
is_own(struct bot *bot, const struct chat_msg *msg, const struct identity *self)
{
	const struct chat_json_value *value = &msg->value[CHAT_SLOT_NONCE];
	char prefix[NONCE_PREFIX_LEN + 1];
	struct nonce nonce;

	if (!identity_owns(self, msg))
		return false;
	if (!chat_msg_has(msg, CHAT_SLOT_NONCE) || !nonce_read(&nonce, value))
		return seen_has(&bot->said, &msg->value[CHAT_SLOT_ID]);
	if (chat_span_equal(nonce.prefix, chat_span_of(bot->courier.outbox.prefix)))
		return true;
	if (!chat_msg_has(msg, CHAT_SLOT_REPLY_TO))
		return false;
	answer_prefix(prefix, &bot->answerer, &msg->value[CHAT_SLOT_REPLY_TO]);
	if (!chat_span_equal(nonce.prefix, chat_span_of(prefix)))
		return false;
	seen_add(&bot->answered, value);
	return true;
}

bool
bot_hears(struct bot *bot, const struct chat_msg *msg, const struct identity *self)
{
	unsigned hops;

	if (msg->type != CHAT_TYPE_MESSAGE)
		return true;
	if (is_own(bot, msg, self))
		return false;
	hops = via_hops(msg);
	ledger_hear(&bot->ledger, &msg->value[CHAT_SLOT_ID], hops);
	bot->last_hops = hops;
	bot->last_heard_ms = chat_now_ms();
	return true;
}

/*
 * One more than of what is answered: what the line itself says, what replyTo names, or what was
 * heard last.
 */
static unsigned
hops_of(const struct bot *bot, const struct draft *draft, const struct ledger_entry *question)
{
	if (draft->has_hops)
		return via_hops_after(draft->hops);
	if (question)
		return via_hops_after(question->hops);
	if (bot->last_heard_ms == 0 || chat_now_ms() - bot->last_heard_ms > ANSWER_MS)
		return 1;
	return via_hops_after(bot->last_hops);
}

/* True: the channel has this answer already, from an earlier life or another instance. */
static bool
add_nonce(struct bot *bot, struct draft *draft, struct ledger_entry *question, unsigned hops)
{
	char prefix[NONCE_PREFIX_LEN + 1], nonce[NONCE_SIZE];

	answer_prefix(prefix, &bot->answerer, &draft->reply_to);
	nonce_write(nonce, prefix, question->answers++, hops);
	answer_add_nonce(draft, nonce);
	return seen_has(&bot->answered, &draft->nonce);
}

static void
take_message(struct bot *bot, struct draft *draft)
{
	struct ledger_entry *question = NULL;
	unsigned hops;
	bool said = false;

	if (draft->has_reply_to)
		question = ledger_find(&bot->ledger, &draft->reply_to);
	hops = hops_of(bot, draft, question);
	if (question && !draft->has_nonce)
		said = add_nonce(bot, draft, question, hops);
	draft->hops = hops;
	if (said)
		outbox_add_settled(&bot->courier.outbox, bot->lines.number, draft);
	else
		outbox_add(&bot->courier.outbox, bot->lines.number, draft);
}

static void
take_line(struct bot *bot, struct chat_span line)
{
	struct draft draft;
	struct chat_err err;

	if (line.len == 0)
		return;
	if (answer_is_done(&draft, line)) {
		outbox_add_settled(&bot->courier.outbox, bot->lines.number, &draft);
		return;
	}
	if (draft_read(&draft, line, &err) < 0) {
		chat_warn("%s: line %llu: %s: %s", bot->command.argv[0],
			(unsigned long long)bot->lines.number, chat_code_word(err.code), err.text);
		return;
	}
	take_message(bot, &draft);
}

/* True: there was a line. */
static bool
take_lines_once(struct bot *bot)
{
	struct chat_span line;

	switch (chat_lines_take(&bot->lines, &line)) {
	case CHAT_LINE_TAKEN:
	case CHAT_LINE_CUT_OFF:
		take_line(bot, line);
		return true;
	case CHAT_LINE_TOO_LONG:
		chat_warn("%s: line %llu: more than %u bytes", bot->command.argv[0],
			(unsigned long long)bot->lines.number, LINE_MAX_BYTES);
		return true;
	case CHAT_LINE_END:
		close_fd(&bot->from_fd);
		return false;
	default:
		return false;
	}
}

/*
 * What the command has said. What it left in the pipe when it ended is said too, and then is all.
 */
static void
take_lines(struct bot *bot)
{
	struct chat_err err;
	int got;

	bot->dry = false;
	while (bot->from_fd >= 0 && outbox_has_room(&bot->courier.outbox)) {
		if (take_lines_once(bot) || bot->from_fd < 0)
			continue;
		got = chat_lines_fill(&bot->lines, &err);
		if (got < 0)
			chat_warn("%s: %s", bot->command.argv[0], err.text);
		if (got > 0 || bot->lines.ended)
			continue;
		if (got < 0 || bot->command.pid == 0)
			close_fd(&bot->from_fd);
		bot->dry = true;
		break;
	}
}

/* True if another instance gave the refused answer before, in other words. */
static bool
is_answered(const struct bot *bot, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};
	char prefix[NONCE_PREFIX_LEN + 1];
	struct chat_msg msg;
	struct nonce nonce;

	if (!item->draft.has_reply_to || !item->draft.has_nonce ||
		!nonce_read(&nonce, &item->draft.nonce) ||
		chat_msg_read(&msg, receipt, CHAT_FROM_SERVER, NULL) < 0)
		return false;
	answer_prefix(prefix, &bot->answerer, &item->draft.reply_to);
	return chat_span_equal(nonce.prefix, chat_span_of(prefix)) &&
		chat_json_string_is(&msg.value[CHAT_SLOT_CODE], CHAT_SPAN("nonce_reused"));
}

/* Refusals and doubts; what was accepted comes back to the command by itself. */
static void
tell_item(const struct bot *bot, const struct item *item)
{
	unsigned long long line = item->line;
	const char *name = bot->command.argv[0];

	if (item->state == ITEM_ACCEPTED || item->state == ITEM_PASSED ||
		item->state == ITEM_LOOPED)
		return;
	if (item->state == ITEM_REFUSED && is_answered(bot, item))
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

/* In the order in which it was said: an answer counts when all before it is settled. */
static void
tell_settled(struct bot *bot)
{
	const struct item *item;

	while ((item = outbox_settled(&bot->courier.outbox))) {
		tell_item(bot, item);
		if (item->state == ITEM_UNKNOWN || item->state == ITEM_UNSENT)
			bot->owes = true;
		else if (item->draft.has_reply_to && !bot->owes)
			ledger_settle(&bot->ledger, &item->draft.reply_to);
		outbox_pop(&bot->courier.outbox);
	}
	if (!bot->ended_well || !outbox_empty(&bot->courier.outbox))
		return;
	bot->ended_well = false;
	if (!bot->owes)
		ledger_close(&bot->ledger);
}

static void
plan_restart(struct bot *bot)
{
	int64_t now_ms = chat_now_ms();

	if (now_ms - bot->started_ms >= STEADY_MS)
		bot->backoff = (struct backoff){0};
	bot->restart_ms = now_ms + backoff_next_ms(&bot->backoff, 0);
	chat_warn("%s: ended with %d; started again in %lld ms", bot->command.argv[0],
		bot->command.status, (long long)(bot->restart_ms - now_ms));
}

static void
check_end(struct bot *bot)
{
	if (!command_reap(&bot->command))
		return;
	close_input(bot);
	bot->ending = true;
}

/* It is gone, and all it said was taken. */
static void
ended(struct bot *bot)
{
	bot->ending = false;
	bot->ended_well = bot->command.status == 0;
	chat_lines_free(&bot->lines);
	if (bot->restart)
		plan_restart(bot);
	else
		bot->finished = true;
}

static void
start_again(struct bot *bot)
{
	struct chat_err err;

	bot->restart_ms = INT64_MAX;
	bot->ended_well = bot->owes = false;
	if (start(bot, &err) == 0) {
		bot->started_again = true;
		return;
	}
	chat_warn("%s", err.text);
	bot->finished = true;
}

void
bot_run(struct bot *bot, struct membership *membership)
{
	if (chat_now_ms() >= bot->restart_ms)
		start_again(bot);
	check_end(bot);
	take_lines(bot);
	if (bot->ending && bot->from_fd < 0 && command_is_gone(&bot->command))
		ended(bot);
	courier_send(&bot->courier, membership);
	tell_settled(bot);
}

void
bot_hang_up(struct bot *bot)
{
	bot->restart = false;
	bot->restart_ms = INT64_MAX;
	if (command_is_gone(&bot->command) && !bot->ending)
		bot->finished = true;
	close_input(bot);
}

void
bot_stop_hearing(struct bot *bot)
{
	close_input(bot);
}

bool
bot_done(const struct bot *bot)
{
	return bot->finished && outbox_empty(&bot->courier.outbox);
}

void
bot_await(const struct bot *bot, const struct membership *membership, struct waits *waits)
{
	waits_until(waits, bot->restart_ms);
	waits_until(waits, command_wake_ms(&bot->command));
	courier_await(&bot->courier, membership, waits);
	if (bot->from_fd < 0 || !outbox_has_room(&bot->courier.outbox))
		return;
	if (bot->dry)
		waits_add(waits, bot->from_fd, POLLIN);
	else
		waits_until(waits, 0);
}
