/*
 * The process of --exec is started, watched and started again. The membership does not end
 * meanwhile.
 */
#include "listen/bot_private.h"

#include <fcntl.h>
#include <unistd.h>

#include "command/diag.h"
#include "text/clock.h"
#include "text/err.h"

#define WINDOW 256 /* the number of messages of the command that may be in flight */
#define STEADY_MS 10000 /* after a run of this time the pause before a restart is short again */

void
bot_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
fail(struct bot *bot, struct chat_err *err)
{
	bot_close_fd(&bot->to_fd);
	bot_close_fd(&bot->from_fd);
	if (err && err->code == CHAT_OK)
		chat_fail(err, CHAT_INTERNAL, "%s: %m", bot->command.argv[0]);
	return -1;
}

/* Starts the command, with pipes to and from it. Returns 0, or -1 with the error of bot_open(). */
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
	/* The other process has the other ends of the pipes, so they stay blocking. */
	fcntl(bot->to_fd, F_SETFL, O_NONBLOCK);
	fcntl(bot->from_fd, F_SETFL, O_NONBLOCK);
	written = output_end(bot->output);
	output_open(bot->output, bot->to_fd);
	bot->output->written = written; /* marks count the bytes of all starts of the command */
	chat_lines_init(&bot->lines, bot->from_fd, BOT_LINE_MAX_BYTES);
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
	chat_delivery_init(&bot->delivery, identity, WINDOW, ACK_AUTO);
	bot->delivery.listens = true;
	bot->delivery.outbox.accepted_ids = &bot->accepted_ids;
	answerer_begin(&bot->answerer, bot->command.argv);
	return start(bot, err);
}

/* Closes the stdin of the command. */
static void
close_input(struct bot *bot)
{
	bot_close_fd(&bot->to_fd);
	output_close(bot->output);
	bot->output->fd = -1;
}

void
bot_close(struct bot *bot)
{
	close_input(bot);
	bot_close_fd(&bot->from_fd);
	chat_lines_free(&bot->lines);
	chat_delivery_free(&bot->delivery);
	chat_seen_free(&bot->accepted_ids);
	chat_seen_free(&bot->answer_nonces);
	unanswered_free(&bot->unanswered);
}

/* Sets the time of the next start. */
static void
plan_restart(struct bot *bot)
{
	int64_t now_ms = chat_now_ms();

	if (now_ms - bot->started_ms >= STEADY_MS)
		bot->backoff = (struct backoff){0};
	bot->restart_ms = now_ms + chat_backoff_next_ms(&bot->backoff, 0);
	chat_warn("%s: ended with %d; started again in %lld ms", bot->command.argv[0],
		bot->command.status, (long long)(bot->restart_ms - now_ms));
}

/* Notes the end of the program. Its last lines may still be in the pipe. */
static void
check_end(struct bot *bot)
{
	if (!command_reap(&bot->command))
		return;
	close_input(bot);
	bot->ending = true;
}

/* Called when the command has ended and all its lines are taken. */
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

/*
 * Returns when the command is to be started again, or INT64_MAX. The answers before its end must be
 * settled: those that were accepted are not given to it again.
 */
static int64_t
start_again_ms(const struct bot *bot)
{
	return chat_outbox_empty(&bot->delivery.outbox) ? bot->restart_ms : INT64_MAX;
}

void
bot_run(struct bot *bot, struct membership *membership)
{
	if (chat_now_ms() >= start_again_ms(bot))
		start_again(bot);
	check_end(bot);
	bot_take_lines(bot);
	if (bot->ending && bot->from_fd < 0 && command_is_gone(&bot->command))
		ended(bot);
	chat_delivery_send(&bot->delivery, membership);
	bot_take_settled(bot);
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
	return bot->finished && chat_outbox_empty(&bot->delivery.outbox);
}

void
bot_await(const struct bot *bot, const struct membership *membership, struct poll_set *waits)
{
	chat_poll_set_until(waits, start_again_ms(bot));
	chat_poll_set_until(waits, command_wake_ms(&bot->command));
	chat_delivery_await(&bot->delivery, membership, waits);
	if (bot->from_fd < 0 || !bot_has_room(bot))
		return;
	if (bot->dry)
		chat_poll_set_add(waits, bot->from_fd, POLLIN);
	else
		chat_poll_set_until(waits, 0);
}
