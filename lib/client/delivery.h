#ifndef CLIENT_DELIVERY_H
#define CLIENT_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "client/membership.h"
#include "client/outbox.h"
#include "text/buf.h"

/*
 * Sends the messages of an outbox over the connections of a membership: it tells the outbox what
 * the server can do, passes it the messages of the server, and after a lost connection sends the
 * messages in flight again.
 */
struct delivery {
	struct outbox outbox;
	enum ack ack; /* ACK_AUTO: the first message of the server decides */
	bool listens; /* the owner needs the history as well: the membership always resumes */
	uint64_t instance; /* the server process that was sent to last; 0: not known */
	bool forgetful; /* a new server process: it may not know what the old one received */
	bool resending; /* after a loss: nothing is sent before MEMBERSHIP_CATCH_UP */
	struct chat_buf wire; /* scratch */
};

#define DELIVERY_BARRIER_WINDOW 10000 /* ACK_CLOSE: messages before each closing handshake */

/* Begins with an empty outbox; the arguments are those of chat_outbox_init(). */
void chat_delivery_init(
	struct delivery *delivery, const struct identity *identity, size_t window, enum ack ack);
void chat_delivery_free(struct delivery *delivery);

/* Sets how messages are acknowledged until the next join. ACK_CLOSE also widens the window. */
void chat_delivery_set_ack(struct delivery *delivery, enum ack ack);

/*
 * Takes an event of the membership; the owner passes every one. Returns what chat_outbox_receive()
 * returns about its message; OUTBOX_NOTHING if it has none. At the end of the membership nothing
 * stays in flight.
 */
enum outbox_result chat_delivery_take(struct delivery *delivery, struct membership *membership,
	const struct membership_event *event);

/* Sends what may be sent now. Returns true if it sent a message. */
bool chat_delivery_send(struct delivery *delivery, struct membership *membership);

/* Adds what chat_delivery_send() waits for, besides the membership. */
void chat_delivery_await(const struct delivery *delivery, const struct membership *membership,
	struct poll_set *waits);

#endif
