#ifndef CLIENT_COURIER_H
#define CLIENT_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "client/membership.h"
#include "client/outbox.h"

/*
 * Carries an outbox over the connections of a membership: tells it what kind of server there is,
 * shows it what comes, and after a loss sends again what is still open.
 */
struct courier {
	struct outbox outbox;
	enum ack ack; /* ACK_AUTO: the server's first message decides */
	bool listens; /* the membership resumes for other reasons */
	uint64_t instance; /* of the server before the loss; 0: not known */
	bool forgetful; /* this server may not remember what that one was sent */
	bool resending; /* after a loss; the history is to be seen first */
	struct chat_buf wire;
};

#define COURIER_BARRIER_WINDOW 10000 /* messages between two closing handshakes of ACK_CLOSE */

void courier_init(
	struct courier *courier, const struct identity *identity, size_t window, enum ack ack);
void courier_free(struct courier *courier);

/* The events of the membership, as they come. */
void courier_joined(struct courier *courier, struct membership *membership, bool again);
void courier_caught_up(struct courier *courier, bool complete, uint64_t instance);
void courier_lost(struct courier *courier, struct membership *membership);

/* From now on this is how messages are known to be accepted. */
void courier_set_ack(struct courier *courier, enum ack ack);

/* A message came; as outbox_receive. */
enum outbox_heard courier_received(struct courier *courier, struct membership *membership,
	const struct chat_msg *msg, struct chat_span text);

/* Sends what may be sent now. True when something was. */
bool courier_send(struct courier *courier, struct membership *membership);

/* Adds what courier_send waits for, beside the membership. */
void courier_await(
	const struct courier *courier, const struct membership *membership, struct waits *waits);

#endif
