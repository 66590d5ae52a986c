/* The command of --exec. It may be slow, end, or write nonsense: the membership goes on. */
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

#define LINE_MAX_BYTES (16u << 20) /* of a line of the command */
#define WINDOW 256 /* messages of the command that may be in flight */
#define ANSWER_MS 10000 /* a message so long after the last one is no answer to it */
#define STEADY_MS \
	10000 /* after such a run the pauses before a restart begin again from the shortest */

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

/* Starts the command, with pipes to and from it. Returns 0 or -1. */
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
	/* The flag is for our ends alone: no other process shares these descriptors. */
	fcntl(bot->to_fd, F_SETFL, O_NONBLOCK);
	fcntl(bot->from_fd, F_SETFL, O_NONBLOCK);
	written = output_end(bot->output);
	output_open(bot->output, bot->to_fd);
	bot->output->written = written; /* marks count these bytes */
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
	bot->courier.outbox.accepted_ids = &bot->accepted_ids;
	answerer_begin(&bot->answerer, bot->command.argv);
	return start(bot, err);
}

/* Closes the stdin of the command. */
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
	seen_free(&bot->accepted_ids);
	seen_free(&bot->answer_nonces);
	ledger_free(&bot->ledger);
}

/*
 * Returns true if a message has the nonce of an answer of this command to the message of its
 * replyTo.
 */
static bool
is_answer(const struct bot *bot, const struct chat_msg *msg)
{
	char prefix[NONCE_PREFIX_LEN + 1];
	struct nonce nonce;

	if (!chat_msg_has(msg, CHAT_SLOT_REPLY_TO) || !chat_msg_has(msg, CHAT_SLOT_NONCE) ||
		!nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]))
		return false;
	answer_prefix(prefix, &bot->answerer, &msg->value[CHAT_SLOT_REPLY_TO]);
	return chat_span_equal(nonce.prefix, chat_span_of(prefix));
}

/*
 * Returns true if the command sent a message: it has a nonce of this process, or that of an answer
 * of this command, or it came back with a nonce that the command had chosen.
 */
static bool
is_own(const struct bot *bot, const struct chat_msg *msg, const struct identity *self)
{
	struct nonce nonce;

	if (!identity_owns(self, msg))
		return false;
	if (!chat_msg_has(msg, CHAT_SLOT_NONCE) ||
		!nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]))
		return seen_has(&bot->accepted_ids, &msg->value[CHAT_SLOT_ID]);
	return chat_span_equal(nonce.prefix, chat_span_of(bot->courier.outbox.prefix)) ||
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
			seen_add(&bot->answer_nonces, &msg->value[CHAT_SLOT_NONCE]);
		return false;
	}
	hops = via_hops(msg);
	ledger_add(&bot->ledger, &msg->value[CHAT_SLOT_ID], hops);
	bot->last_hops = hops;
	bot->last_given_ms = chat_now_ms();
	return true;
}

/*
 * Returns the hops of a message of the command: one more than those of the message that it answers.
 * That is what the line says, else the message of replyTo, else the last one that the command got.
 */
static unsigned
hops_of(const struct bot *bot, const struct draft *draft, const struct ledger_entry *question)
{
	if (draft->has_hops)
		return via_hops_after(draft->hops);
	if (question)
		return via_hops_after(question->hops);
	if (bot->last_given_ms == 0 || chat_now_ms() - bot->last_given_ms > ANSWER_MS)
		return 1;
	return via_hops_after(bot->last_hops);
}

/*
 * Gives an answer its nonce. Returns true if the channel has this answer already, from an earlier
 * process or another one of the same command.
 */
static bool
add_nonce(struct bot *bot, struct draft *draft, struct ledger_entry *question, unsigned hops)
{
	char prefix[NONCE_PREFIX_LEN + 1], nonce[NONCE_SIZE];

	answer_prefix(prefix, &bot->answerer, &draft->reply_to);
	nonce_write(nonce, prefix, question->answers++, hops);
	answer_add_nonce(draft, nonce);
	return seen_has(&bot->answer_nonces, &draft->nonce);
}

/* Takes a message of the command into the outbox. */
static void
take_message(struct bot *bot, struct draft *draft)
{
	struct ledger_entry *question = NULL;
	unsigned hops;
	bool in_channel = false;

	if (draft->has_reply_to)
		question = ledger_find(&bot->ledger, &draft->reply_to);
	hops = hops_of(bot, draft, question);
	if (question && !draft->has_nonce)
		in_channel = add_nonce(bot, draft, question, hops);
	draft->hops = hops;
	if (in_channel)
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

/* Takes a line. Returns false if there is none. */
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
 * Takes the lines that the command has written, as many as the outbox has room for. The lines that
 * are still in the pipe when the command has ended are taken too; then the pipe is closed.
 */
static void
take_lines(struct bot *bot)
{
	struct chat_err err;
	int got;

	bot->dry = false;
	while (bot->from_fd >= 0 && outbox_has_room(&bot->courier.outbox)) {
		if (take_next_line(bot) || bot->from_fd < 0)
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

/* Returns true if an answer was refused because another process has given one with other words. */
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

/* Warns of a message that was not accepted. */
static void
warn_item(const struct bot *bot, const struct item *item)
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

/* Takes the settled messages in order: an answer counts when all before it are settled. */
static void
take_settled(struct bot *bot)
{
	const struct item *item;

	while ((item = outbox_settled(&bot->courier.outbox))) {
		warn_item(bot, item);
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

/* Sets when the command is started again. */
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

/* Notes that the command has ended. Its lines that are still in the pipe are taken then. */
static void
check_end(struct bot *bot)
{
	if (!command_reap(&bot->command))
		return;
	close_input(bot);
	bot->ending = true;
}

/* The command has ended, and all its lines are taken. */
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
	take_settled(bot);
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
bot_stdin_closed(struct bot *bot)
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
