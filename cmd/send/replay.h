#ifndef SEND_REPLAY_H
#define SEND_REPLAY_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "client/draft.h"

/*
 * Makes a draft of a line of a log: of a `message` of a server, with its file, or of a `text` or
 * `file` of a client. Returns 1, and in *timestamp_ms the time of the message (-1: not known); or 0
 * for a line of another type, which is not sent; or -1 if the line is no message.
 */
int replay_read(
	struct draft *draft, struct chat_span line, int64_t *timestamp_ms, struct chat_err *err);

#endif
