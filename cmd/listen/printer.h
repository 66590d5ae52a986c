#ifndef LISTEN_PRINTER_H
#define LISTEN_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "client/membership.h"
#include "common/output.h"
#include "listen/bot.h"
#include "listen/ending.h"
#include "listen/human.h"
#include "listen/listener_options.h"
#include "listen/output_marks.h"
#include "listen/save.h"
#include "text/buf.h"

/*
 * Turns messages into lines of the output: the filter, the command of --exec, --save-files, --human
 * and the name of the channel. Before printer_begin(), options must be set, output must be open,
 * and saver too if options->saves is true. The rest must be zeroed.
 */
struct printer {
	const struct listener_options *options; /* borrowed */
	struct bot *bot; /* the command that reads the output; borrowed; NULL: none */
	bool labels_channel; /* each line names its channel, because there are several */
	bool labels_url; /* each line also has its URL, because there are several servers */
	struct output output; /* stdout, or the stdin of the command */
	struct saver saver; /* valid if options->saves is true */
	struct human human; /* used if options->human is true */
	struct output_marks
		marks; /* positions for the cursor file, until their output is written */
	bool marking; /* marks are kept: there is a cursor file, and no output was lost */
	uint64_t printed; /* the number of messages printed; a history as a line is one */
	bool gap; /* a gap was found: messages may be missing */
	struct ending ending;
	struct chat_buf line, saved; /* scratch */
};

void printer_begin(struct printer *printer);

/* Frees all members but output and saver. */
void printer_free(struct printer *printer);

/*
 * Prints a message, unless the filter leaves it out, the command itself sent it, or the run has
 * begun to end. line is the JSON of the message.
 */
void printer_print(struct printer *printer, const struct membership *membership,
	struct chat_span line, const struct chat_msg *msg);

/* Prints a line of our own ({"type":"$…"}) if --events is given without --human. */
void printer_event(
	struct printer *printer, const struct membership *membership, struct chat_span line);

/*
 * Marks the current end of the output: all messages up to the position are printed before it or
 * left out. feed is the index of the channel.
 */
void printer_mark(struct printer *printer, size_t feed, const struct position *position);

/*
 * Discards the pending output and all marks, and keeps no marks any more: the cursor does not move
 * past the output that was written.
 */
void printer_drop_output(struct printer *printer);

#endif
