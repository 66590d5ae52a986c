#ifndef CHAT_TRANSPORT_H
#define CHAT_TRANSPORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/client.h"
#include "chat/err.h"
#include "chat/url.h"

/*
 * A stream of bytes to a server: TCP, TLS, proxies and unix sockets, by libcurl. Never blocks, not
 * even in chat_transport_free. What client.h says about errors is decided here up to the handshake.
 */
struct chat_transport;

/* Begins to connect. NULL with CHAT_USAGE. */
struct chat_transport *chat_transport_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);
void chat_transport_free(struct chat_transport *transport);

/* Goes on connecting: 1 when connected, 0 not yet, -1 failed. */
int chat_transport_connect(struct chat_transport *transport, struct chat_err *err);

/* Bytes read; 0: none there now; -1: the end, with CHAT_CONNECTION_LOST or CHAT_REFUSED. */
ssize_t chat_transport_read(
	struct chat_transport *transport, char *to, size_t size, struct chat_err *err);

/*
 * Bytes written; 0: none now, and the next call must be given the same bytes at the same address
 * and no fewer (TLS has encrypted them already); -1 as above.
 */
ssize_t chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err);

/* Bytes written that the server's machine has not confirmed, as far as the kernel tells. */
size_t chat_transport_unsent_bytes(const struct chat_transport *transport);

/* As in client.h. writing: there is something to write. */
size_t chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing);
int64_t chat_transport_wake_ms(const struct chat_transport *transport);
const char *chat_transport_address(const struct chat_transport *transport);

#endif
