#ifndef CHAT_WIRE_CLIENT_H
#define CHAT_WIRE_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "wire/client_options.h"
#include "wire/url.h"

/*
 * One client connection over TCP, TLS, a proxy or a unix socket. No function blocks. In a poll(2)
 * loop, call chat_client_receive until it returns 0, then poll chat_client_poll_fds until
 * chat_client_wake_ms, and repeat. To stop receiving for a while (back-pressure), poll without
 * POLLIN, ignore chat_client_wake_ms if the connection is open, and send with chat_client_flush.
 */
struct chat_client;

/*
 * Begins to connect and returns at once. The caller may free url and options afterwards, but not
 * the strings that client_options.h excepts. Returns NULL with CHAT_USAGE if url or options cannot
 * be used.
 */
struct chat_client *chat_client_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);

/* Closes the connection at once, without a Close, and frees the client. NULL does nothing. */
void chat_client_free(struct chat_client *client);

/* Returns true from the end of the handshake to the end of the connection. */
bool chat_client_is_open(const struct chat_client *client);

/*
 * Returns the address of the peer, or of the proxy if there is one; "" until it is connected. The
 * client owns the string.
 */
const char *chat_client_address(const struct chat_client *client);

/* Fills fds for the next poll(2). Returns the number of elements filled, at most max. */
size_t chat_client_poll_fds(const struct chat_client *client, struct pollfd *fds, size_t max);

/*
 * Returns the time (chat_now_ms) at which chat_client_receive must be called even if poll(2)
 * reports nothing; INT64_MAX: there is no such time. It is 0, that is at once, if a message may be
 * buffered or if sending has failed.
 */
int64_t chat_client_wake_ms(const struct chat_client *client);

/*
 * Continues to connect, or gets the next message; sends queued bytes if no message is left. Returns
 * 1 with *text, which is UTF-8 and valid until the next call; 2 with a binary message in *text, if
 * the options allow it; 0 if there is no message now; -1 at the end of the connection, after all
 * messages, and again at every later call. Answers pings and the Close of the server.
 *
 * The errors before the connection is open: CHAT_UNKNOWN_HOST; CHAT_CANNOT_CONNECT (refused,
 * unreachable, timed out, or the proxy failed); CHAT_REFUSED (a certificate was refused, or the
 * server answered 401 or 403, or the proxy 407); CHAT_TRY_LATER (408, 429, 503);
 * CHAT_PROTOCOL_ERROR (the peer is not a WebSocket server); CHAT_CANNOT_OPEN (a certificate file).
 *
 * The errors of an open connection: CHAT_CONNECTION_LOST (no Close, or 1011 or an unknown code);
 * CHAT_CONNECTION_CLOSED (1000 or no code); CHAT_TRY_LATER (1001, 1012, 1013); CHAT_REFUSED (1008,
 * or TLS refused the client's certificate); CHAT_PROTOCOL_ERROR (1002, 1003, 1007, 1009, 1010, or
 * the server broke the protocol).
 */
int chat_client_receive(struct chat_client *client, struct chat_span *text, struct chat_err *err);

/*
 * Queues a copy of one text message; sends at once if 16 KiB are queued, else the next
 * chat_client_flush or chat_client_receive sends it. The queue has no limit: the caller must check
 * chat_client_queued_bytes. Returns 0, or -1 if the connection is not open or closing, or if
 * sending has failed. chat_client_receive can then still return messages received before.
 */
int chat_client_send(struct chat_client *client, struct chat_span text, struct chat_err *err);

/* The same for a binary message. */
int chat_client_send_binary(
	struct chat_client *client, struct chat_span payload, struct chat_err *err);

/* Returns the bytes of queued frames that the kernel has not accepted. */
size_t chat_client_queued_bytes(const struct chat_client *client);

/* Returns the queued bytes plus the bytes in the kernel that the peer has not acknowledged (TCP).
 */
size_t chat_client_unsent_bytes(const struct chat_client *client);

/*
 * Sends as much of the queue as possible without blocking. Returns 0, also while the client
 * connects; -1 if sending has failed or the connection has ended.
 */
int chat_client_flush(struct chat_client *client, struct chat_err *err);

/*
 * Queues a ping if the connection is open. Returns its number, from 1 on, or 0. Its pong changes
 * chat_client_last_received_ms, as all bytes do.
 */
uint32_t chat_client_ping(struct chat_client *client);

/* Returns true if this ping or a later one was answered. */
bool chat_client_has_pong(const struct chat_client *client, uint32_t ping);

/* Returns the time (chat_now_ms) of the last bytes received; before them, of chat_client_open. */
int64_t chat_client_last_received_ms(const struct chat_client *client);

/*
 * Queues a Close 1000 if the connection is open; nothing can be sent after it. The caller must
 * continue to call chat_client_receive until it returns -1.
 */
void chat_client_close(struct chat_client *client);

#endif
