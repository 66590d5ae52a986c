#ifndef CLIENT_POSITION_H
#define CLIENT_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/msg.h"
#include "text/buf.h"

#define POSITION_BEGINNING "0" /* the id that is before all messages */
#define POSITION_ID_MAX_BYTES 65536 /* of an id as it stands in JSON */

/* The last message of a channel that was handled: the `since` of the next init. */
struct position {
	int64_t newest_ms; /* the newest believable timestamp noted; INT64_MIN: none */
	int64_t believed_until_ms; /* timestamps up to this one are believed */
	struct chat_buf id; /* of the message noted last, NUL-terminated; "": none */
	bool refused; /* a message had an id that is too long */
};

/* Begins at since, which is copied; NULL: no message is noted yet. */
void chat_position_begin(struct position *position, const char *since);
void chat_position_free(struct position *position);

/*
 * Moves to a `message` that was dealt with, or to the last one of a `history`. Ignores other
 * messages, and a message that is older than the last one noted: an echo that a sender gets again.
 * A timestamp of more than a day from now is not believed.
 */
void chat_position_note(struct position *position, const struct chat_msg *msg);

/* Another server process answers, whose clock may be behind: its messages are not older. */
void chat_position_change_server(struct position *position);

/* Moves to this id, which is copied. */
void chat_position_set(struct position *position, const char *id);

/* Returns the id; "": none. It is valid until the position moves. */
const char *chat_position_id(const struct position *position);

#endif
