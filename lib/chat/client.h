#ifndef CHAT_CLIENT_H
#define CHAT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/client_options.h"
#include "chat/err.h"
#include "chat/span.h"
#include "chat/url.h"

/*
 * One client connection over TCP, TLS, a proxy or a unix socket. No function blocks. In a poll(2)
 * loop, call chat_client_receive until it returns 0, then poll chat_client_poll_fds until
 * chat_client_wake_ms, and repeat. To stop receiving for a while (back-pressure), poll without
 * POLLIN, ignore chat_client_wake_ms once the connection is open, and send with chat_client_flush.
 */
struct chat_client;

/*
 * Begins to connect and returns at once; url and options are copied. Returns NULL with CHAT_USAGE
 * if they cannot be used.
 */
struct chat_client *chat_client_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);

/* Closes the connection at once, without a Close, and frees the client. NULL does nothing. */
void chat_client_free(struct chat_client *client);

/* Returns true after the handshake: messages can be sent. */
bool chat_client_is_open(const struct chat_client *client);

/* Returns the address of the peer, or of the proxy; "" before it is known. Owned by the client. */
const char *chat_client_address(const struct chat_client *client);

/* Fills fds with what to poll(2) for now. Returns how many, at most max. */
size_t chat_client_poll_fds(const struct chat_client *client, struct pollfd *fds, size_t max);

/*
 * Returns when chat_client_receive must be called at the latest (chat_now_ms), INT64_MAX for never.
 * It is 0 while a message may be buffered, which no descriptor shows.
 */
int64_t chat_client_wake_ms(const struct chat_client *client);

/*
 * Goes on connecting, sends queued bytes and gets the next message. Returns 1 with *text, which is
 * UTF-8 and kept until the next call; 0 if there is none now, or the connection has just opened; -1
 * at the end of the connection, after all messages, and again at every later call.
 *
 * The errors before it is open: CHAT_UNKNOWN_HOST; CHAT_CANNOT_CONNECT (refused, unreachable, out
 * of time, a proxy's failure); CHAT_REFUSED (certificates of either side, 401, 403, a proxy's 407);
 * CHAT_TRY_LATER (429, 503); CHAT_PROTOCOL_ERROR (no WebSocket server); CHAT_CANNOT_OPEN (a
 * certificate file).
 *
 * The errors afterwards: CHAT_CONNECTION_LOST (no Close, or 1011 or an unknown code);
 * CHAT_CONNECTION_CLOSED (1000 or no code); CHAT_TRY_LATER (1001, 1012, 1013); CHAT_REFUSED (1008);
 * CHAT_PROTOCOL_ERROR (1002, 1003, 1007, 1009, 1010, or the server broke the protocol).
 *
 * Answers pings and the Close.
 */
int chat_client_receive(struct chat_client *client, struct chat_span *text, struct chat_err *err);

/*
 * Queues a copy of one text message, which the next chat_client_flush or chat_client_receive sends.
 * The caller limits the queue. Returns 0, or -1 if the connection is not open, or no longer; then
 * chat_client_receive returns what the server sent last.
 */
int chat_client_send(struct chat_client *client, struct chat_span text, struct chat_err *err);

/* Returns the bytes of queued frames that the kernel has not accepted. */
size_t chat_client_queued_bytes(const struct chat_client *client);

/* Returns those, and the bytes in the kernel that the server's TCP has not acknowledged. */
size_t chat_client_unsent_bytes(const struct chat_client *client);

/* Sends as much of the queue as possible without blocking. Returns -1 if sending has failed. */
int chat_client_flush(struct chat_client *client, struct chat_err *err);

/* Queues a ping; its pong changes chat_client_last_received_ms. */
void chat_client_ping(struct chat_client *client);

/* Returns when the last bytes came (chat_now_ms), or when the client was opened. */
int64_t chat_client_last_received_ms(const struct chat_client *client);

/*
 * Queues a Close 1000, if the connection is open; nothing can be sent after it. Go on receiving
 * until -1.
 */
void chat_client_close(struct chat_client *client);

#endif
