/*
 * Writes the output of a turn, and then saves the cursor. The cursor file never names a message
 * that is not written.
 */
#include "listen/listener_private.h"

#include <errno.h>
#include <signal.h>

#include "command/diag.h"

/*
 * Called when nobody reads stdout any more. Sends Close to the servers, if that is possible without
 * waiting, and dies by SIGPIPE.
 */
static _Noreturn void
die_of_pipe(struct listener *listener)
{
	ending_begin(&listener->printer.ending, 0);
	listener_close_feeds(listener, 0);
	for (size_t i = 0; i < listener->feed_count; i++)
		chat_membership_flush(&listener->feeds[i].membership);
	chat_die_by_signal(SIGPIPE);
}

/*
 * Takes the marks of the output that is written. Without a command they set the cursor. With a
 * command they tell `unanswered` what the command was given; the cursor then follows its answers.
 */
static void
take_marks(struct listener *listener)
{
	struct mark mark = {0};

	while (output_marks_take(&listener->printer.marks, listener->printer.output.written, &mark))
		if (!listener->bot)
			cursor_set(&listener->cursor, listener->feeds[mark.feed].membership.urls,
				mark.id);
	if (listener->bot && mark.id)
		unanswered_give(&listener->bot->unanswered, mark.id);
}

/*
 * Saves the cursor if it has changed. If that fails, for example because the disk is full, the run
 * ends, and a regular output file is truncated to the length that it had at the last save.
 */
static void
save_cursor(struct listener *listener)
{
	struct cursor *cursor = &listener->cursor;
	struct chat_err err;

	take_marks(listener);
	if (!cursor->changed || cursor_save(cursor, &err) == 0) {
		listener->saved_bytes = listener->printer.output.written;
		return;
	}
	chat_warn("%s", err.text);
	cursor->changed = false; /* saving is not tried again */
	output_retract(&listener->printer.output, listener->saved_bytes);
	printer_drop_output(&listener->printer);
	ending_fail(&listener->printer.ending, chat_exit_status(err.code));
}

/* Called when the output cannot be written. Ends the run. */
static void
write_failed(struct listener *listener, const struct chat_err *err)
{
	size_t count = output_pending_lines(&listener->printer.output);

	chat_warn("%s: %zu %s", err->text, count,
		count > 1 ? "lines were not written" : "line was not written");
	save_cursor(listener);
	printer_drop_output(&listener->printer);
	ending_fail(&listener->printer.ending, chat_exit_status(err->code));
}

void
listener_reader_gone(struct listener *listener)
{
	if (!listener->bot)
		die_of_pipe(listener);
	listener->printer.marking = false;
	bot_stdin_closed(listener->bot);
}

void
listener_flush(struct listener *listener)
{
	struct chat_err err;
	int flushed;

	if (listener->bot && listener->bot->to_fd < 0) {
		output_discard(&listener->printer.output);
		return;
	}
	flushed = output_flush(&listener->printer.output, &err);
	if (flushed >= 0)
		save_cursor(listener);
	if (flushed >= 0)
		return;
	if (errno == EPIPE)
		listener_reader_gone(listener);
	else
		write_failed(listener, &err);
}
