#ifndef CHAT_TRANSPORT_H
#define CHAT_TRANSPORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/client_options.h"
#include "chat/err.h"
#include "chat/url.h"

/*
 * A byte stream to a server over TCP, TLS, a proxy or a unix socket, by libcurl. No function
 * blocks, not even chat_transport_free. The error codes are those that client.h names up to the
 * handshake.
 */
struct chat_transport;

/* Begins to connect. Returns NULL with CHAT_USAGE. */
struct chat_transport *chat_transport_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);
void chat_transport_free(struct chat_transport *transport);

/* Goes on connecting. Returns 1 if connected, 0 if not yet, -1 if it failed. */
int chat_transport_connect(struct chat_transport *transport, struct chat_err *err);

/* Returns the bytes read, 0 if there are none now, or -1 with CHAT_CONNECTION_LOST or CHAT_REFUSED.
 */
ssize_t chat_transport_read(
	struct chat_transport *transport, char *to, size_t size, struct chat_err *err);

/*
 * Returns the bytes written, or -1 as above. 0: none could be written, and the next call must have
 * the same bytes at the same address and not fewer, because TLS has encrypted them already.
 */
ssize_t chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err);

/* Returns the bytes written that the server's TCP has not acknowledged, if the kernel tells. */
size_t chat_transport_unsent_bytes(const struct chat_transport *transport);

/* As in client.h. writing: there are bytes to write. */
size_t chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing);
int64_t chat_transport_wake_ms(const struct chat_transport *transport);
const char *chat_transport_address(const struct chat_transport *transport);

#endif
