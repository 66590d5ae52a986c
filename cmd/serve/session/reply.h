#ifndef SERVE_SESSION_REPLY_H
#define SERVE_SESSION_REPLY_H

#include <stdint.h>

#include "serve/channel/encode.h"
#include "serve/session/session.h"

/*
 * Errors that a session sends to its peer. nonce_json is the nonce of the message that the error
 * answers, or empty if that message has none.
 */

/* Sends an error, and counts it. */
void session_send_error(struct session *session, const struct outgoing_error *error);

/* Sends a fatal error and closes the connection with this WebSocket close code. */
void session_end(
	struct session *session, enum chat_code code, const char *text, uint16_t close_code);

/* Answers a bad message with an error. Too many bad messages end the connection instead. */
void session_reject(
	struct session *session, const struct chat_err *err, struct chat_span nonce_json);

/* Answers a message that its rate does not allow now: the peer may send it again in wait_ms. */
void session_reject_rate(
	struct session *session, const char *text, struct chat_span nonce_json, int64_t wait_ms);

/* Answers an init that its rate does not allow now, and counts it as a bad message. */
void session_reject_join(struct session *session, int64_t wait_ms);

/* Answers a message for which too much waits for the journal. It may be sent again later. */
void session_reject_overload(struct session *session, struct chat_span nonce_json);

#endif
