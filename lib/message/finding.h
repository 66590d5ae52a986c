#ifndef CHAT_MESSAGE_FINDING_H
#define CHAT_MESSAGE_FINDING_H

#include <stddef.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "message/strict.h"

/*
 * What is said about one line, in the order of the places meant, each with the path to its value.
 * Private to the reading of messages, which begins with start, report and arg set and the rest
 * zero.
 */

/* Where a value stands, as links from the inside out; the root is NULL. */
struct chat_place {
	const struct chat_place *up;
	struct chat_span name; /* at NULL: the element `index` of an array */
	size_t index;
};

struct chat_findings {
	const char *start; /* of the line: offsets count from here */
	chat_msg_report *report;
	void *arg;
	unsigned said;
	size_t flaws; /* said or not */
	unsigned muted; /* additions entered whose flaws are nobody's business, but repeated keys */
	struct chat_strict_keys keys; /* of strict checking: findings too */
	size_t next_key; /* the first of them not said */
};

/* Says a finding that has all it needs, and is behind all the others. */
void chat_findings_say(struct chat_findings *findings, const struct chat_err *finding);

/* Says the repeated keys that stand before an offset. */
void chat_findings_say_keys(struct chat_findings *findings, size_t offset);

/* Something is wrong with the message, though not with its JSON: a finding without its field. */
void chat_findings_add(
	struct chat_findings *findings, const struct chat_place *place, struct chat_err *finding);

/* The same, at a place of the line. */
void chat_findings_flaw(struct chat_findings *findings, const struct chat_place *place,
	const char *at, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#define CHAT_KEY_IS_THERE "the object has this key already"

#endif
