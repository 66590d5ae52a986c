#ifndef CHAT_WIRE_TRANSPORT_H
#define CHAT_WIRE_TRANSPORT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"
#include "wire/client_options.h"
#include "wire/url.h"

/*
 * A byte stream to a server over TCP, TLS, a proxy or a unix socket. No function blocks, not even
 * chat_transport_free. The error codes are those in client.h.
 */
struct chat_transport;

/* Begins to connect. Returns NULL with CHAT_USAGE if libcurl refuses url or options, or with
 * CHAT_INTERNAL if it is needed and cannot be loaded. */
struct chat_transport *chat_transport_open(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);
void chat_transport_free(struct chat_transport *transport);

/*
 * Continues to connect. Returns 1 if connected, 0 if not yet, -1 if connecting failed. Must not be
 * called again after 1 or -1.
 */
int chat_transport_connect(struct chat_transport *transport, struct chat_err *err);

/*
 * Returns the number of bytes read, 0 if there are none now, or -1 with CHAT_CONNECTION_LOST, or
 * CHAT_REFUSED if TLS refused the client's certificate.
 */
ssize_t chat_transport_read(
	struct chat_transport *transport, char *to, size_t size, struct chat_err *err);

/*
 * Returns the number of bytes written, or -1 as chat_transport_read. If it returns 0, no byte could
 * be written now, and the next call must pass the same bytes at the same address, with or without
 * more bytes after them, because TLS has already encrypted them.
 */
ssize_t chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err);

/*
 * Returns the number of bytes in the kernel that the peer has not acknowledged (TCP); 0 if the
 * kernel does not know it.
 */
size_t chat_transport_unsent_bytes(const struct chat_transport *transport);

/* As chat_client_poll_fds and its neighbours. writing: the caller has bytes to write. */
size_t chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing);
int64_t chat_transport_wake_ms(const struct chat_transport *transport);
const char *chat_transport_address(const struct chat_transport *transport);

#endif
