#ifndef CLIENT_COURIER_H
#define CLIENT_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "client/membership.h"
#include "client/outbox.h"

/*
 * Sends the messages of an outbox over the connections of a membership: it tells the outbox what
 * the server can do, shows it what comes, and after a lost connection sends again what is in
 * flight.
 */
struct courier {
	struct outbox outbox;
	enum ack ack; /* ACK_AUTO: the first message of the server decides */
	bool listens; /* the owner needs the history as well: the membership always resumes */
	uint64_t instance; /* the server process that was sent to last; 0: not known */
	bool forgetful; /* this server process is another one and may not know what that one got */
	bool resending; /* after a loss: nothing is sent before the history has come */
	struct chat_buf wire; /* scratch */
};

#define COURIER_BARRIER_WINDOW 10000 /* ACK_CLOSE: messages before each closing handshake */

/* Begins with an empty outbox; the arguments are those of outbox_init(). */
void courier_init(
	struct courier *courier, const struct identity *identity, size_t window, enum ack ack);
void courier_free(struct courier *courier);

/* Take MEMBERSHIP_JOIN, MEMBERSHIP_CATCH_UP and MEMBERSHIP_LOST. */
void courier_joined(struct courier *courier, struct membership *membership, bool again);
void courier_caught_up(struct courier *courier, bool complete, uint64_t instance);
void courier_lost(struct courier *courier, struct membership *membership);

/* Sets how messages are acknowledged until the next join. ACK_CLOSE also widens the window. */
void courier_set_ack(struct courier *courier, enum ack ack);

/* Takes a message of the server, a history too. Returns what outbox_receive() returns. */
enum outbox_result courier_received(struct courier *courier, struct membership *membership,
	const struct chat_msg *msg, struct chat_span text);

/* Sends what may be sent now. Returns true if it sent a message. */
bool courier_send(struct courier *courier, struct membership *membership);

/* Adds what courier_send() waits for, besides the membership. */
void courier_await(
	const struct courier *courier, const struct membership *membership, struct waits *waits);

#endif
