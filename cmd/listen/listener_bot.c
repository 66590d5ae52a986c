/* The listener's part in a bot: when it ends, and what it is given again. */
#include "listen/listener_bot.h"

#include <signal.h>

#include "chat/clock.h"
#include "command/diag.h"

#define BOT_END_MS 2000 /* for a command to end after its input did */
#define BOT_KILL_MS 500 /* and after a signal */
#define BOT_CLOSE_MS 500

/*
 * A command hears the end of its input when all before it is written, and then has a moment to say
 * its last words; one that does not end by itself is ended. When it is done the membership is
 * closed.
 */
static void
end_bot(struct listener *listener)
{
	struct bot *bot = listener->bot;
	int64_t since_ms = chat_now_ms() - listener->closing_ms;

	if (output_pending_bytes(&listener->output) == 0 || since_ms >= BOT_END_MS)
		bot_hang_up(bot);
	if (since_ms >= BOT_END_MS + BOT_KILL_MS)
		command_signal(&bot->command, SIGKILL);
	else if (since_ms >= BOT_END_MS)
		command_signal(&bot->command, SIGTERM);
	if (bot_done(bot) || (bot->command.killed && command_is_gone(&bot->command))) {
		if (listener->status == 0)
			listener->status = bot->command.status;
		listener_close_sessions(listener, BOT_CLOSE_MS);
	}
}

/* What the command owes no answer to need not be heard again. */
static void
keep_ledger(struct listener *listener)
{
	struct ledger *ledger = &listener->bot->ledger;
	struct chat_err err;

	if (!ledger->kept || !ledger->changed)
		return;
	ledger->changed = false;
	cursor_set(&listener->cursor, listener->feeds[0].membership.url_text, ledger_done(ledger));
	if (!listener->cursor.changed || cursor_save(&listener->cursor, &err) == 0)
		return;
	chat_warn("%s", err.text);
	listener_fail(listener, chat_exit_status(err.code));
}

/* What its last life left unanswered is given to the command again. */
static void
give_again(struct listener *listener)
{
	struct bot *bot = listener->bot;

	bot->started_again = false;
	marks_free(&listener->marks);
	if (ledger_restart(&bot->ledger))
		feed_rewind(&listener->feeds[0], ledger_done(&bot->ledger));
}

void
listener_run_bot(struct listener *listener)
{
	bot_run(listener->bot, &listener->feeds[0].membership);
	keep_ledger(listener);
	if (listener->bot->started_again)
		give_again(listener);
	if (bot_done(listener->bot) || listener->feeds[0].ended)
		listener_end(listener, listener->status);
	if (listener->closing)
		end_bot(listener);
}

int64_t
listener_bot_deadline_ms(const struct listener *listener)
{
	int64_t since_ms = chat_now_ms() - listener->closing_ms;

	if (!listener->closing || bot_done(listener->bot) || listener->bot->command.killed)
		return INT64_MAX; /* killed, it tells of its end by itself */
	return listener->closing_ms +
		(since_ms < BOT_END_MS ? BOT_END_MS : BOT_END_MS + BOT_KILL_MS);
}
