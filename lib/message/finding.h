#ifndef CHAT_MESSAGE_FINDING_H
#define CHAT_MESSAGE_FINDING_H

#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"
#include "message/duplicate_keys.h"

/*
 * The findings about one line, reported in the order of their offsets, each with the path to its
 * value. The reader of the message (reader.h) sets start, report and arg and zeroes the rest.
 */

/* The path to a value, as links from the inside out; NULL is the whole message. */
struct chat_place {
	const struct chat_place *up;
	struct chat_span name; /* the key; at NULL: the value is element `index` of an array */
	size_t index;
};

struct chat_findings {
	const char *start; /* of the line: offsets count from here */
	void (*report)(void *arg, const struct chat_err *finding); /* chat_msg_report */
	void *arg;
	unsigned reported; /* the number of findings reported */
	size_t added; /* the number of findings added, reported or not */
	unsigned muted; /* above 0, only duplicate keys are reported: the number of additional
			   properties around the cursor, whose shape is free */
	struct chat_duplicate_keys keys; /* of strict checking; each becomes a finding */
	size_t next_key; /* the index of the first of them that is not reported yet */
};

/* Reports a finding that is complete and comes after all others. */
void chat_findings_report(struct chat_findings *findings, const struct chat_err *finding);

/* Reports the duplicate keys before an offset. */
void chat_findings_report_keys(struct chat_findings *findings, size_t offset);

/* Adds a finding about the message, not about its JSON; its field is set from `place`. */
void chat_findings_add(
	struct chat_findings *findings, const struct chat_place *place, struct chat_err *finding);

/* Adds a finding with this code and sentence about the value at `at` in the line. */
void chat_findings_printf(struct chat_findings *findings, const struct chat_place *place,
	const char *at, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define CHAT_KEY_IS_THERE "the object has this key already"

#endif
