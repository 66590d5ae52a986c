/*
 * The loop of chat-listen: everything that has come is turned into lines, the lines are written in
 * one go, and only then is anything waited for. A reader who went away is noticed while nothing
 * comes, because stdout is polled for errors all the time.
 */
#include "listen/listener.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "chat/clock.h"
#include "command/diag.h"
#include "listen/human.h"
#include "listen/label.h"
#include "listen/listener_bot.h"

#define CLOSE_MS 2000

/* Where several channels are listened to each line says which it is from. */
static void
print_line(struct listener *listener, const struct feed *feed, struct chat_span line)
{
	const struct membership *membership = &feed->membership;

	if (listener->feed_count > 1 && line.len > 0 && line.at[0] == '{') {
		label_line(&listener->line, line, membership->url.channel,
			listener->several_servers ? membership->url_text : NULL);
		line = chat_buf_span(&listener->line);
	}
	output_line(&listener->output, line);
}

static void
printed(struct listener *listener)
{
	listener->printed++;
	if (listener->options->count > 0 && listener->printed >= (uint64_t)listener->options->count)
		listener_end(listener, 0);
}

void
listener_close_sessions(struct listener *listener, int64_t limit_ms)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		membership_close(&listener->feeds[i].membership, limit_ms);
}

void
listener_end(struct listener *listener, int status)
{
	if (listener->closing)
		return;
	listener->closing = true;
	listener->closing_ms = chat_now_ms();
	if (listener->status == 0)
		listener->status = status;
	if (!listener->bot)
		listener_close_sessions(listener, CLOSE_MS);
}

void
listener_fail(struct listener *listener, int status)
{
	listener_end(listener, 0);
	listener->status = status;
}

/* The line to print: with the path in place of the data where there was a file to save. */
static struct chat_span
save_file(struct listener *listener, struct chat_span line, const struct chat_msg *msg)
{
	struct chat_err err;
	int saved = saver_save(&listener->saver, msg, line, &listener->saved, &err);

	if (saved > 0)
		return chat_buf_span(&listener->saved);
	if (saved < 0)
		chat_warn("%s", err.text);
	if (saved < 0 && err.code != CHAT_BAD_MESSAGE) {
		listener->cursor_good = false;
		listener_fail(listener, chat_exit_status(err.code));
	}
	return line;
}

void
listener_print(struct listener *listener, const struct feed *feed, struct chat_span line,
	const struct chat_msg *msg)
{
	const struct listener_options *options = listener->options;
	const struct membership *membership = &feed->membership;
	struct filter_place place = {
		.self = &membership->identity,
		.here = &membership->here,
		.copies = membership->peer.via && membership->peer.hops,
	};

	if (listener->closing || !filter_wants(&options->filter, msg, &place))
		return;
	if (listener->bot && !bot_hears(listener->bot, msg, &membership->identity))
		return;
	if (options->saves)
		line = save_file(listener, line, msg);
	if (listener->closing)
		return;
	if (options->human)
		human_write(&listener->human, output_buf(&listener->output), msg, line);
	else
		print_line(listener, feed, line);
	printed(listener);
}

void
listener_event(struct listener *listener, const struct feed *feed, struct chat_span line)
{
	if (listener->closing || !listener->options->events || listener->options->human)
		return;
	print_line(listener, feed, line);
}

void
listener_mark(struct listener *listener, const struct feed *feed)
{
	const char *id = position_id(&feed->membership.position);

	if (!listener->cursor.path || !listener->cursor_good || !*id)
		return;
	marks_put(&listener->marks,
		&(struct mark){
			.end = output_end(&listener->output),
			.feed = (size_t)(feed - listener->feeds),
			.id = id,
		});
}

/* Our reader is gone: a good-bye to the servers, as far as that goes at once, and the same fate. */
static _Noreturn void
die_of_pipe(struct listener *listener)
{
	listener_end(listener, 0);
	for (size_t i = 0; i < listener->feed_count; i++)
		membership_flush(&listener->feeds[i].membership);
	chat_die_by_signal(SIGPIPE);
}

/* What waits to be written will not be; nothing behind that is to be told of. */
static void
give_up_output(struct listener *listener)
{
	marks_free(&listener->marks);
	output_discard(&listener->output);
	listener->cursor_good = false;
}

/* Notes how far the output is written: a position that a command was given it has yet to answer. */
static void
take_marks(struct listener *listener)
{
	struct mark mark = {0};

	while (marks_take(&listener->marks, listener->output.written, &mark))
		if (!listener->bot)
			cursor_set(&listener->cursor,
				listener->feeds[mark.feed].membership.url_text, mark.id);
	if (listener->bot && mark.id)
		ledger_give(&listener->bot->ledger, mark.id);
}

/*
 * What is written need not be heard again. Where that cannot be said, as on a disk that is full, a
 * file that is the output ends where the cursor says it does.
 */
static void
save_cursor(struct listener *listener)
{
	struct cursor *cursor = &listener->cursor;
	struct chat_err err;

	take_marks(listener);
	if (!cursor->changed || cursor_save(cursor, &err) == 0) {
		listener->kept = listener->output.written;
		return;
	}
	chat_warn("%s", err.text);
	cursor->changed = false; /* it is said once */
	output_retract(&listener->output, listener->kept);
	give_up_output(listener);
	listener_fail(listener, chat_exit_status(err.code));
}

static void
write_failed(struct listener *listener, const struct chat_err *err)
{
	size_t count = output_pending_lines(&listener->output);

	chat_warn("%s: %zu %s", err->text, count,
		count > 1 ? "lines were not written" : "line was not written");
	save_cursor(listener);
	give_up_output(listener);
	listener_fail(listener, chat_exit_status(err->code));
}

/* A command may stop listening and go on speaking. */
static void
reader_gone(struct listener *listener)
{
	if (!listener->bot)
		die_of_pipe(listener);
	listener->cursor_good = false;
	bot_stop_hearing(listener->bot);
}

static void
flush(struct listener *listener)
{
	struct chat_err err;
	int flushed;

	if (listener->bot && listener->bot->to_fd < 0) {
		output_discard(&listener->output);
		return;
	}
	flushed = output_flush(&listener->output, &err);
	if (flushed >= 0)
		save_cursor(listener);
	if (flushed >= 0)
		return;
	if (errno == EPIPE)
		reader_gone(listener);
	else
		write_failed(listener, &err);
}

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
	listener_end(listener, 0);
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

/* When it ends for lack of messages. */
static int64_t
idle_deadline_ms(const struct listener *listener)
{
	if (listener->options->until_idle_ms == 0 || listener->closing || !all_caught_up(listener))
		return INT64_MAX;
	return listener->last_message_ms + listener->options->until_idle_ms;
}

static void
check_end(struct listener *listener)
{
	int64_t now_ms = chat_now_ms();

	if ((listener->options->no_follow && all_caught_up(listener)) ||
		now_ms >= idle_deadline_ms(listener))
		listener_end(listener, listener->gap ? CHAT_EXIT_NO : 0);
	if (now_ms < listener->deadline_ms)
		return;
	listener->deadline_ms = INT64_MAX;
	if (!listener->caught_signal)
		listener_end(listener, CHAT_EXIT_TIMEOUT);
	if (output_pending_bytes(&listener->output) > 0)
		give_up_output(listener); /* a signal's time is up */
}

#define WAIT_SIGNAL 0 /* where these are among the waits */
#define WAIT_OUTPUT 1

void
listener_await(struct listener *listener)
{
	struct waits *waits = &listener->waits;
	bool blocked = output_pending_bytes(&listener->output) > 0;

	waits_begin(waits);
	waits_add(waits, listener->signals.fd, POLLIN);
	waits_add(waits, listener->output.fd, blocked ? POLLOUT : 0);
	waits_until(waits, listener->deadline_ms);
	waits_until(waits, idle_deadline_ms(listener));
	for (size_t i = 0; i < listener->feed_count; i++)
		membership_await(&listener->feeds[i].membership, waits);
	if (!listener->bot)
		return;
	bot_await(listener->bot, &listener->feeds[0].membership, waits);
	waits_until(waits, listener_bot_deadline_ms(listener));
}

void
listener_woken(struct listener *listener)
{
	if (listener->waits.fds[WAIT_SIGNAL].revents)
		take_signal(listener);
	if (listener->waits.fds[WAIT_OUTPUT].revents & (POLLERR | POLLHUP))
		reader_gone(listener);
}

static void
run_feeds(struct listener *listener)
{
	uint64_t before = listener->printed;

	for (size_t i = 0; i < listener->feed_count; i++)
		feed_run(&listener->feeds[i]);
	if (listener->printed != before)
		listener->last_message_ms = chat_now_ms();
}

/* All is written that could be: only now it shows whether more is to be read. */
static void
pace(struct listener *listener)
{
	for (size_t i = 0; i < listener->feed_count; i++)
		membership_pause(&listener->feeds[i].membership, output_is_full(&listener->output));
}

bool
listener_turn(struct listener *listener)
{
	run_feeds(listener);
	check_end(listener);
	flush(listener);
	if (listener->bot)
		listener_run_bot(listener);
	pace(listener);
	return !all_ended(listener) || output_pending_bytes(&listener->output) > 0 ||
		(listener->bot && !command_is_gone(&listener->bot->command));
}

static bool
same_server(const struct chat_url *a, const struct chat_url *b)
{
	return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

void
listener_begin(struct listener *listener, const struct chat_url *urls, size_t count)
{
	const struct listener_options *options = listener->options;

	listener->cursor_good = true;
	human_begin(&listener->human, options->color, true);
	listener->feed_count = count;
	listener->feeds = chat_alloc_zeroed(count, sizeof(listener->feeds[0]));
	for (size_t i = 0; i < count; i++) {
		feed_open(&listener->feeds[i], listener, &urls[i]);
		listener->several_servers |= !same_server(&urls[0], &urls[i]);
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
	marks_free(&listener->marks);
	chat_buf_free(&listener->line);
	chat_buf_free(&listener->saved);
	waits_free(&listener->waits);
	return listener->caught_signal ? -listener->caught_signal : listener->status;
}

int
listener_run(struct listener *listener, const struct chat_url *urls, size_t count)
{
	listener_begin(listener, urls, count);
	while (listener_turn(listener)) {
		listener_await(listener);
		if (waits_poll(&listener->waits, -1) > 0)
			listener_woken(listener);
	}
	return listener_finish(listener);
}
