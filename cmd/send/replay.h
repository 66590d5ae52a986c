#ifndef SEND_REPLAY_H
#define SEND_REPLAY_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "client/draft.h"

/*
 * A line of a log as a message to be sent again: what a server told (`message`, the file in it too)
 * and what a client said (`text`, `file`). 1: a draft, and *timestamp_ms of when it was told (-1:
 * not known); 0: a line of another kind, which is nothing to send; -1: the line is no message.
 */
int replay_read(
	struct draft *draft, struct chat_span line, int64_t *timestamp_ms, struct chat_err *err);

#endif
