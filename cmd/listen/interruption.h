#ifndef LISTEN_INTERRUPTION_H
#define LISTEN_INTERRUPTION_H

#include <stdbool.h>

#include "chat/err.h"
#include "client/membership.h"

/*
 * With --human, standard error says once that a connection is lost, and once that there is one
 * again, however many attempts were made between. A refusal is said by tell_event(). All zeros:
 * nothing to say.
 */
struct interruption {
	bool away; /* the connection is lost, or the first one failed with --wait */
	bool loss_due; /* to be said: loss */
	bool return_due; /* to be said: connected */
	bool again; /* the connection that is there is not the first one */
	struct chat_err loss;
	const char *loss_url; /* borrowed from the membership */
};

void interruption_note(struct interruption *interruption, const struct membership *membership,
	const struct membership_event *event);

/*
 * Says what is due. Call it when the output has no pending lines: then it comes after the messages
 * from before the loss, and not within a line of them.
 */
void interruption_tell(struct interruption *interruption, const struct membership *membership);

#endif
