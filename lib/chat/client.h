#ifndef CHAT_CLIENT_H
#define CHAT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "chat/url.h"

/*
 * One client connection: TCP, TLS and proxies by libcurl, handshake and framing ours. Never blocks.
 * In a poll(2) loop: chat_client_receive, as often as one likes, then poll chat_client_poll_fds
 * until chat_client_wake_ms, then again. Who stops receiving for a while (back-pressure) polls
 * without POLLIN, minds no time of an open connection, and sends with chat_client_flush.
 */
struct chat_client_options {
	const char *cacert; /* CA file; NULL: CURL_CA_BUNDLE, SSL_CERT_FILE, the system's */
	const char *cacert_name; /* what an error calls it; NULL: "--cacert". Borrowed */
	const char *cert, *key; /* client certificate and key, PEM; NULL: none, in cert's file */
	const char *unix_socket; /* connect there instead; NULL: TCP */
	bool insecure; /* do not verify the server */
	int64_t connect_timeout_ms; /* name, TCP, proxy, TLS and handshake together; above 0 */
	size_t max_message_bytes; /* received; a longer one is CHAT_PROTOCOL_ERROR, close 1009 */
};

struct chat_client;

/* Begins to connect and returns at once; url and options are copied. NULL with CHAT_USAGE. */
struct chat_client *chat_client_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);

/* Drops the connection without ceremony, whatever it is doing, and frees. */
void chat_client_free(struct chat_client *client);

/* The handshake is done: messages can be sent. */
bool chat_client_is_open(const struct chat_client *client);

/* The address connected to, a proxy's where there is one; "" before. Lives with the client. */
const char *chat_client_address(const struct chat_client *client);

/* What to poll(2) for now: fills fds, returns how many of at most max. */
#define CHAT_CLIENT_POLL_FDS 4
size_t chat_client_poll_fds(const struct chat_client *client, struct pollfd *fds, size_t max);

/*
 * When chat_client_receive wants to be called at the latest (chat_now_ms); INT64_MAX: never. It is
 * 0 as long as something may be there that no descriptor tells of.
 */
int64_t chat_client_wake_ms(const struct chat_client *client);

/*
 * Connects, sends what is queued, and yields the next message: 1, and *text, valid until the next
 * call; 0: nothing without waiting, or it has just become open; -1: the end, after all messages
 * that came before it, and the same at every call from then on.
 *
 * Before it is open: CHAT_UNKNOWN_HOST; CHAT_CANNOT_CONNECT (refused, unreachable, out of time, a
 * proxy's failure); CHAT_REFUSED (certificates of either side, 401, 403, a proxy's 407);
 * CHAT_TRY_LATER (429, 503); CHAT_PROTOCOL_ERROR (no WebSocket server); CHAT_CANNOT_OPEN (a
 * certificate file).
 *
 * Afterwards: CHAT_CONNECTION_LOST (no Close, or one of 1011 or a code nobody knows);
 * CHAT_CONNECTION_CLOSED (1000 or no code); CHAT_TRY_LATER (1001, 1012, 1013); CHAT_REFUSED (1008);
 * CHAT_PROTOCOL_ERROR (1002, 1003, 1007, 1009, 1010, or the server broke the protocol).
 *
 * Pings and the Close are answered here.
 */
int chat_client_receive(struct chat_client *client, struct chat_span *text, struct chat_err *err);

/*
 * Queues one text message (copied), which leaves with the next chat_client_flush or
 * chat_client_receive that finds room. The caller bounds the queue. -1: not open, or no longer;
 * chat_client_receive then says what the server said last.
 */
int chat_client_send(struct chat_client *client, struct chat_span text, struct chat_err *err);

/* Bytes queued, frames and all, that the kernel has not taken. */
size_t chat_client_queued_bytes(const struct chat_client *client);

/* Those, and the bytes in the kernel that the server's machine has not confirmed. */
size_t chat_client_unsent_bytes(const struct chat_client *client);

/* Sends of the queue what goes without blocking. -1: the connection takes no more. */
int chat_client_flush(struct chat_client *client, struct chat_err *err);

/* Queues a ping; the pong shows in chat_client_last_received_ms. */
void chat_client_ping(struct chat_client *client);

/* When bytes came last (chat_now_ms); before that, when the client was opened. */
int64_t chat_client_last_received_ms(const struct chat_client *client);

/*
 * Sends a Close 1000 after what is queued, once it is open; go on receiving until -1. Nothing can
 * be sent any more.
 */
void chat_client_close(struct chat_client *client);

#endif
