/*
 * The command of --exec in the loop: its end, the messages that it is given again, and the position
 * up to which it has answered.
 */
#include "listen/listener_private.h"

#include <signal.h>

#include "command/diag.h"
#include "text/clock.h"

#define BOT_END_MS 2000 /* from the time when the run began to end, to SIGTERM */
#define BOT_KILL_MS 500 /* from SIGTERM to SIGKILL */
#define BOT_CLOSE_MS 500 /* for the closing handshake */

/*
 * Closes the stdin of the command when all output is written, or after BOT_END_MS. If the command
 * has not ended at BOT_END_MS it gets SIGTERM, and later SIGKILL. Closes the connection when the
 * command has ended and its messages are settled, or when it was killed.
 */
static void
end_bot(struct listener *listener)
{
	struct bot *bot = listener->bot;
	int64_t since_ms = chat_now_ms() - listener->printer.ending.begun_ms;

	if (output_pending_bytes(&listener->printer.output) == 0 || since_ms >= BOT_END_MS)
		bot_hang_up(bot);
	if (since_ms >= BOT_END_MS + BOT_KILL_MS)
		command_signal(&bot->command, SIGKILL);
	else if (since_ms >= BOT_END_MS)
		command_signal(&bot->command, SIGTERM);
	if (bot_done(bot) || (bot->command.killed && command_is_gone(&bot->command))) {
		if (listener->printer.ending.status == 0)
			listener->printer.ending.status = bot->command.status;
		listener_close_feeds(listener, BOT_CLOSE_MS);
	}
}

/* Saves the position up to which the command has answered in the cursor file. */
static void
save_unanswered(struct listener *listener)
{
	struct unanswered *unanswered = &listener->bot->unanswered;
	struct chat_err err;

	if (!unanswered->kept || !unanswered->changed)
		return;
	unanswered->changed = false;
	cursor_set(
		&listener->cursor, listener->feeds[0].membership.urls, unanswered_done(unanswered));
	if (!listener->cursor.changed || cursor_save(&listener->cursor, &err) == 0)
		return;
	chat_warn("%s", err.text);
	ending_fail(&listener->printer.ending, chat_exit_status(err.code));
}

/* Joins again, so that a restarted command is given the messages that it has not answered. */
static void
give_again(struct listener *listener)
{
	struct bot *bot = listener->bot;

	bot->started_again = false;
	output_marks_free(&listener->printer.marks);
	if (unanswered_restart(&bot->unanswered))
		feed_rewind(&listener->feeds[0], unanswered_done(&bot->unanswered));
}

void
listener_run_bot(struct listener *listener)
{
	bot_run(listener->bot, &listener->feeds[0].membership);
	save_unanswered(listener);
	if (listener->bot->started_again)
		give_again(listener);
	if (bot_done(listener->bot) || listener->feeds[0].ended)
		ending_begin(&listener->printer.ending, listener->printer.ending.status);
	if (listener->printer.ending.begun)
		end_bot(listener);
}

int64_t
listener_bot_deadline_ms(const struct listener *listener)
{
	int64_t since_ms = chat_now_ms() - listener->printer.ending.begun_ms;

	if (!listener->printer.ending.begun || bot_done(listener->bot) ||
		listener->bot->command.killed)
		return INT64_MAX; /* SIGCHLD reports the end of a killed command */
	return listener->printer.ending.begun_ms +
		(since_ms < BOT_END_MS ? BOT_END_MS : BOT_END_MS + BOT_KILL_MS);
}
