#ifndef LISTEN_PRINTER_H
#define LISTEN_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/membership.h"
#include "client/output.h"
#include "listen/bot.h"
#include "listen/ending.h"
#include "listen/human.h"
#include "listen/listener_options.h"
#include "listen/output_marks.h"
#include "listen/save.h"

/*
 * From messages to lines of the output: the filter, the command of --exec, --save-files, --human,
 * and the label of the channel. It starts with options set, output and saver open, the rest zeroed.
 */
struct printer {
	const struct listener_options *options; /* borrowed */
	struct bot *bot; /* the command that reads the output; NULL: there is none; borrowed */
	bool labels_channel; /* each line names its channel, because there are several */
	bool labels_url; /* and its URL, because there are several servers */
	struct output output; /* stdout, or the stdin of the command */
	struct saver saver; /* valid if options->saves is true */
	struct human human; /* valid if options->human is true */
	struct output_marks
		marks; /* positions for the cursor file, until their output is written */
	bool marking; /* there is a cursor file, and nothing has failed that it could not say */
	uint64_t printed; /* lines */
	bool gap; /* messages may be missing in what was printed */
	struct ending ending;
	struct chat_buf line, saved; /* scratch */
};

void printer_begin(struct printer *printer);

/* Frees all but the output and the saver. */
void printer_free(struct printer *printer);

/* Prints a message, unless it is filtered out. line is its text as it came. */
void printer_print(struct printer *printer, const struct membership *membership,
	struct chat_span line, const struct chat_msg *msg);

/* Prints a line of our own ({"type":"$…"}), if --events is given. */
void printer_event(
	struct printer *printer, const struct membership *membership, struct chat_span line);

/*
 * Notes that all messages up to a position are in the output, or were written before. feed is the
 * number of the channel.
 */
void printer_mark(struct printer *printer, size_t feed, const struct position *position);

/* Drops the output that is not written, and its marks: the cursor stays before it. */
void printer_drop_output(struct printer *printer);

#endif
