/* Prints messages, for feed_run.c and feed_history.c. */
#include "listen/printer.h"

#include "command/diag.h"
#include "listen/add_channel.h"

void
printer_begin(struct printer *printer)
{
	human_begin(&printer->human, printer->options->color, true, printer->output.fd);
}

void
printer_free(struct printer *printer)
{
	human_end(&printer->human);
	output_marks_free(&printer->marks);
	chat_buf_free(&printer->line);
	chat_buf_free(&printer->saved);
}

/* Returns the URL of the channel: the first one of its list, whichever server is connected. */
static const char *
url_of(const struct membership *membership)
{
	return membership->urls->at[0].text;
}

/* Returns the name of the channel if there are several, or its URL if there are several servers. */
static struct chat_span
name_of(const struct printer *printer, const struct membership *membership)
{
	if (!printer->labels_channel)
		return (struct chat_span){0};
	return chat_span_of(printer->labels_url ? url_of(membership) : membership->url->channel);
}

/* Appends a line to the output, with the name of its channel if there are several. */
static void
print_line(struct printer *printer, const struct membership *membership, struct chat_span line)
{
	if (printer->labels_channel && line.len > 0 && line.at[0] == '{') {
		add_channel(&printer->line, line, membership->url->channel,
			printer->labels_url ? url_of(membership) : NULL);
		line = chat_buf_span(&printer->line);
	}
	output_line(&printer->output, line);
}

static void
count_line(struct printer *printer)
{
	int64_t most = printer->options->count;

	printer->printed++;
	if (most > 0 && printer->printed >= (uint64_t)most)
		ending_begin(&printer->ending, 0);
}

/*
 * Saves the file of a message. Returns the line to print: with the path instead of the data, or
 * unchanged if nothing was saved. An error, except CHAT_BAD_MESSAGE, ends the run.
 */
static struct chat_span
save_file(struct printer *printer, struct chat_span line, const struct chat_msg *msg)
{
	struct chat_err err;
	int saved = saver_save(&printer->saver, msg, line, &printer->saved, &err);

	if (saved > 0)
		return chat_buf_span(&printer->saved);
	if (saved < 0)
		chat_warn("%s", err.text);
	if (saved < 0 && err.code != CHAT_BAD_MESSAGE) {
		printer->marking = false;
		ending_fail(&printer->ending, chat_exit_status(err.code));
	}
	return line;
}

/* Returns true if the filter selects a message. */
static bool
is_wanted(const struct printer *printer, const struct membership *membership,
	const struct chat_msg *msg)
{
	struct filter_place place = {
		.self = &membership->identity,
		.here = &membership->here,
		.copies = membership->server.via && membership->server.hops,
	};

	return filter_wants(&printer->options->filter, msg, &place);
}

void
printer_print(struct printer *printer, const struct membership *membership, struct chat_span line,
	const struct chat_msg *msg)
{
	if (printer->ending.begun || !is_wanted(printer, membership, msg))
		return;
	if (printer->bot && !bot_offer(printer->bot, msg, &membership->identity))
		return;
	if (printer->options->saves)
		line = save_file(printer, line, msg);
	if (printer->ending.begun)
		return;
	if (printer->options->human)
		human_write(&printer->human, output_buf(&printer->output), msg,
			name_of(printer, membership), line);
	else
		print_line(printer, membership, line);
	count_line(printer);
}

void
printer_event(struct printer *printer, const struct membership *membership, struct chat_span line)
{
	if (printer->ending.begun || !printer->options->events || printer->options->human)
		return;
	print_line(printer, membership, line);
}

void
printer_mark(struct printer *printer, size_t feed, const struct position *position)
{
	const char *id = chat_position_id(position);

	if (!printer->marking || !*id)
		return;
	output_marks_put(&printer->marks,
		&(struct mark){.end = output_end(&printer->output), .feed = feed, .id = id});
}

void
printer_drop_output(struct printer *printer)
{
	output_marks_free(&printer->marks);
	output_discard(&printer->output);
	printer->marking = false;
}
