/*
 * The loop of chat-listen. Each turn prints everything that was received, writes it, and then
 * poll(2) waits. stdout is always polled for errors, so that the end of its reader is noticed even
 * if no message is received.
 */
#include "listen/listener_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "text/clock.h"

#define CLOSE_MS 2000 /* for the closing handshake */

void
listener_close_feeds(struct listener *listener, int64_t limit_ms)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		chat_membership_close(&listener->feeds[i].membership, limit_ms);
}

/*
 * Closes the connections if the run has begun to end. With a command listener_run_bot() does this.
 */
static void
close_at_end(struct listener *listener)
{
	if (listener->printer.ending.begun && !listener->bot)
		listener_close_feeds(listener, CLOSE_MS);
}

/* The first signal ends the run within CLOSE_MS, the second one at once. */
static void
take_signal(struct listener *listener)
{
	int caught = signals_take(&listener->signals);

	if (caught == 0 || caught == SIGCHLD)
		return;
	if (listener->caught_signal && listener->bot)
		command_signal(&listener->bot->command, SIGKILL);
	if (listener->caught_signal)
		chat_die_by_signal(caught);
	listener->caught_signal = caught;
	listener->deadline_ms = chat_now_ms() + CLOSE_MS;
	ending_begin(&listener->printer.ending, 0);
	close_at_end(listener);
}

static bool
all_caught_up(const struct listener *listener)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		if (!listener->feeds[i].ended && !listener->feeds[i].caught_up)
			return false;
	return true;
}

static bool
all_ended(const struct listener *listener)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		if (!listener->feeds[i].ended)
			return false;
	return true;
}

/* Returns when --until-idle ends the run, or INT64_MAX. */
static int64_t
idle_deadline_ms(const struct listener *listener)
{
	if (listener->options->until_idle_ms == 0 || listener->printer.ending.begun ||
		!all_caught_up(listener))
		return INT64_MAX;
	return listener->last_message_ms + listener->options->until_idle_ms;
}

/* Begins the end of the run if --no-follow, --until-idle or --timeout says so. */
static void
check_end(struct listener *listener)
{
	int64_t now_ms = chat_now_ms();

	if ((listener->options->no_follow && all_caught_up(listener)) ||
		now_ms >= idle_deadline_ms(listener))
		ending_begin(&listener->printer.ending, listener->printer.gap ? CHAT_EXIT_NO : 0);
	if (now_ms < listener->deadline_ms)
		return;
	listener->deadline_ms = INT64_MAX;
	if (!listener->caught_signal)
		ending_begin(&listener->printer.ending, CHAT_EXIT_TIMEOUT);
	/* After the deadline a slow reader is not waited for. */
	if (output_pending_bytes(&listener->printer.output) > 0)
		printer_drop_output(&listener->printer);
}

#define WAIT_SIGNAL 0 /* the index of signals.fd in waits.fds */
#define WAIT_OUTPUT 1 /* the index of printer.output.fd in waits.fds */

void
listener_await(struct listener *listener)
{
	struct poll_set *waits = &listener->waits;
	bool blocked = output_pending_bytes(&listener->printer.output) > 0;

	chat_poll_set_begin(waits);
	chat_poll_set_add(waits, listener->signals.fd, POLLIN);
	chat_poll_set_add(waits, listener->printer.output.fd, blocked ? POLLOUT : 0);
	chat_poll_set_until(waits, listener->deadline_ms);
	chat_poll_set_until(waits, idle_deadline_ms(listener));
	for (size_t i = 0; i < listener->feed_count; i++)
		chat_membership_await(&listener->feeds[i].membership, waits);
	if (!listener->bot)
		return;
	bot_await(listener->bot, &listener->feeds[0].membership, waits);
	chat_poll_set_until(waits, listener_bot_deadline_ms(listener));
}

void
listener_woken(struct listener *listener)
{
	if (listener->waits.fds[WAIT_SIGNAL].revents)
		take_signal(listener);
	if (listener->waits.fds[WAIT_OUTPUT].revents & (POLLERR | POLLHUP))
		listener_reader_gone(listener);
}

static void
run_feeds(struct listener *listener)
{
	uint64_t before = listener->printer.printed;

	for (size_t i = 0; i < listener->feed_count; i++) {
		feed_run(&listener->feeds[i]);
		close_at_end(listener);
	}
	if (listener->printer.printed != before)
		listener->last_message_ms = chat_now_ms();
}

/* Pauses reading from the servers while the output is full. Call it after listener_flush(). */
static void
pause_when_full(struct listener *listener)
{
	bool full = output_is_full(&listener->printer.output);

	for (size_t i = 0; i < listener->feed_count; i++)
		chat_membership_pause(&listener->feeds[i].membership, full);
	if (listener->bot)
		listener->bot->stuffed = full;
}

/* Says what --human says of the connections, unless the output has to be written first. */
static void
tell_interruptions(struct listener *listener)
{
	if (output_pending_bytes(&listener->printer.output) > 0)
		return;
	for (size_t i = 0; i < listener->feed_count; i++)
		interruption_tell(&listener->feeds[i].interruption, &listener->feeds[i].membership);
}

bool
listener_turn(struct listener *listener)
{
	run_feeds(listener);
	check_end(listener);
	listener_flush(listener);
	tell_interruptions(listener);
	if (listener->bot)
		listener_run_bot(listener);
	close_at_end(listener);
	pause_when_full(listener);
	return !all_ended(listener) || output_pending_bytes(&listener->printer.output) > 0 ||
		(listener->bot && !command_is_gone(&listener->bot->command));
}

static bool
same_server(const struct chat_url *a, const struct chat_url *b)
{
	return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void
listener_begin(struct listener *listener, const struct chat_url_list *urls, size_t count)
{
	const struct listener_options *options = listener->options;
	struct printer *printer = &listener->printer;
	bool has_cursor = listener->cursor.path != NULL;

	printer->options = options;
	printer->bot = listener->bot;
	printer->marking = has_cursor;
	printer->labels_channel = count > 1;
	printer_begin(printer);
	listener->feed_count = count;
	listener->feeds = chat_alloc_zeroed(count, sizeof(listener->feeds[0]));
	for (size_t i = 0; i < count; i++) {
		listener->feeds[i].number = i;
		feed_open(&listener->feeds[i], printer, listener->settings, &urls[i],
			&(struct feed_start){
				cursor_begin(&listener->cursor, &urls[i]), has_cursor});
		printer->labels_url |= !same_server(&urls[0].at[0].url, &urls[i].at[0].url);
	}
	listener->last_message_ms = chat_now_ms();
	listener->deadline_ms =
		options->timeout_ms > 0 ? chat_now_ms() + options->timeout_ms : INT64_MAX;
}

int
listener_finish(struct listener *listener)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		feed_close(&listener->feeds[i]);
	free(listener->feeds);
	printer_free(&listener->printer);
	chat_poll_set_free(&listener->waits);
	return listener->caught_signal ? -listener->caught_signal : listener->printer.ending.status;
}

int
listener_run(struct listener *listener, const struct chat_url_list *urls, size_t count)
{
	listener_begin(listener, urls, count);
	while (listener_turn(listener)) {
		listener_await(listener);
		if (chat_poll_set_poll(&listener->waits, -1) > 0)
			listener_woken(listener);
	}
	return listener_finish(listener);
}
