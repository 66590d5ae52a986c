#ifndef SEND_REPLIES_H
#define SEND_REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/membership.h"
#include "client/seen.h"
#include "send/report.h"

/*
 * --reply: waits for answers to our messages and prints them. It starts with wanted set and the
 * rest zeroed.
 */
struct replies {
	int64_t wanted; /* answers to wait for; 0: none */
	int64_t count; /* answers printed */
	uint64_t asked; /* our messages on the server that may be answered */
	uint64_t instance; /* the server process that has them; 0: not known */
	struct seen accepted; /* ids of our messages */
	struct seen answers; /* ids of the answers printed */
};

void replies_free(struct replies *replies);

/* Returns true if no answer is waited for: all came, or none can come. */
bool replies_complete(const struct replies *replies);

/* Notes that one of our messages is on the server with this id. */
void replies_ask(struct replies *replies, const struct chat_json_value *id, uint64_t instance);

/* Prints a message that is an answer, or those in a history. text is the line of the message. */
void replies_receive(struct replies *replies, struct report *report, const struct chat_msg *msg,
	struct chat_span text);

/*
 * Warns that answers may be lost, after a lost connection; complete: the history of the new
 * connection has every message since. Returns false if the server is another process that does not
 * have our messages: then no answer is waited for any more.
 */
bool replies_check_rejoin(
	struct replies *replies, const struct membership *membership, bool complete);

#endif
