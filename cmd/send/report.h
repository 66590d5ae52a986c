#ifndef SEND_REPORT_H
#define SEND_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/outbox.h"
#include "common/output.h"
#include "send/source.h"

/* The number of messages with each result. */
struct report_counts {
	uint64_t accepted, refused, illegal, unknown, unsent;
};

/*
 * The report of chat-send on each message: a receipt on stdout, an error on stderr. It starts with
 * its options and the source set, and output open; the rest is zeroed.
 */
struct report {
	bool quiet; /* no receipts */
	bool tee; /* the accepted messages as they were given, instead of receipts */
	bool full_receipts; /* the receipt of a file has its data */
	const struct source *source; /* borrowed */
	struct output output; /* stdout; the owner closes it */
	struct chat_err broken; /* why stdout cannot be written any more; CHAT_OK: it can */
	uint64_t unwritten; /* lines that were not written to stdout because of `broken` */
	struct report_counts counts;
	struct {
		uint64_t first, last; /* input lines in a row; first 0: there are none */
		const char *why; /* static; NULL: the server said nothing about them */
	} unknown; /* lines of unknown result that are not reported yet, to be one sentence */
};

/* Reports the settled messages of an outbox and removes them, up to the oldest unsettled one. */
void report_settled(struct report *report, struct outbox *outbox);

/* Reports the lines of unknown result that were held back. */
void report_unknown(struct report *report);

/* Reports an error of the server that is about none of our messages. */
void report_stray_error(const char *url, const struct chat_msg *msg);

/* Appends a line to the output. */
void report_line(struct report *report, struct chat_span line);

/*
 * Writes as much of the output as possible without waiting. Returns 0, or -1 once, when it fails:
 * later lines are only counted. Ends the process by SIGPIPE if nobody reads stdout any more.
 */
int report_flush(struct report *report);

#endif
