#ifndef CHAT_MESSAGE_FINDING_H
#define CHAT_MESSAGE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"
#include "message/duplicate_keys.h"

/*
 * The findings about one line, reported in the order of their offsets, each with the path to its
 * value. msg.c sets start, report and arg and zeroes the other fields.
 */

/* The last step of the path to a value. A NULL place is the whole message. */
struct chat_place {
	const struct chat_place *up; /* the path to the container of the value */
	struct chat_span name; /* the key; if its .at is NULL, the value is an array's element */
	size_t index;
};

struct chat_findings {
	const char *start; /* the first byte of the line: offsets count from here */
	void (*report)(void *arg, const struct chat_err *finding); /* chat_msg_report */
	void *arg;
	unsigned reported; /* the number of findings reported */
	size_t added; /* the number of calls of chat_findings_add */
	unsigned muted; /* if above 0, only duplicate keys are reported; without strict, the number
			   of additional properties around the cursor */
	struct chat_duplicate_keys keys; /* found by strict checking; each becomes a finding */
	size_t next_key; /* the index in `keys` of the first one that is not reported yet */
	bool no_memory; /* strict checking needed memory, and there was none */
};

/* Reports a complete finding. Its offset must not be below those of the findings reported before.
 */
void chat_findings_report(struct chat_findings *findings, const struct chat_err *finding);

/* Reports the duplicate keys before an offset. */
void chat_findings_report_keys(struct chat_findings *findings, size_t offset);

/* Adds a finding, but does not report it if findings are muted. Sets its field from `place`. */
void chat_findings_add(
	struct chat_findings *findings, const struct chat_place *place, struct chat_err *finding);

/* Adds a finding with this code and sentence about the value at `at` in the line. */
void chat_findings_printf(struct chat_findings *findings, const struct chat_place *place,
	const char *at, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define CHAT_KEY_IS_THERE "the object has this key already"

#endif
