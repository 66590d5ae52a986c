#ifndef CHAT_MESSAGE_MSG_REST_H
#define CHAT_MESSAGE_MSG_REST_H

#include <stddef.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "message/scan.h"

/*
 * Reports the findings about a line as chat_msg_check() without strict, but begins where the
 * scanner has stopped; stop->at must not be NULL. The first `valid` bytes of the line must be valid
 * UTF-8, but the last sequence may be cut off. Returns the number of findings, or -1 if the whole
 * line has to be checked; then nothing was reported.
 */
int chat_msg_check_rest(struct chat_span line, size_t valid, const struct chat_scan_stop *stop,
	enum chat_direction from, chat_msg_report *report, void *arg);

#endif
