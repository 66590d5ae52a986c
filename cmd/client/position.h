#ifndef CLIENT_POSITION_H
#define CLIENT_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/msg.h"

#define POSITION_BEGINNING "0" /* the id that stands before all messages */
#define POSITION_ID_MAX_BYTES 65536 /* as it is written in JSON */

/* How far in a channel's messages somebody has come: where `since` goes on. */
struct position {
	int64_t told_ms; /* the latest timestamp noted that can be */
	int64_t latest_ms; /* what can be, when the clock was asked last */
	struct chat_buf id; /* of the message noted last, "" for none; NUL-terminated */
	bool refused; /* one had an id that is too long */
};

/* since is copied; NULL: nowhere. */
void position_begin(struct position *position, const char *since);
void position_free(struct position *position);

/*
 * Goes on to a `message` that was dealt with, or the last one of a `history`; others are nothing to
 * note. One that is older than the last noted, said again to its sender, is none either: time does
 * not go back within a channel. A timestamp of more than a day from now is not believed.
 */
void position_note(struct position *position, const struct chat_msg *msg);

/* Goes on to this id, which is copied, whatever its time is. */
void position_set(struct position *position, const char *id);

const char *position_id(const struct position *position); /* "" for none */

#endif
