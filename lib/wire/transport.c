/*
 * Connections to servers: to this machine by a socket (transport_local.c), to all others by libcurl
 * (transport_curl.c). client.c adds WebSocket.
 */
#include "wire/transport.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#include "wire/transport_kind.h"

struct chat_transport *
chat_transport_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_transport *local = chat_transport_open_local(url, options);

	return local ? local : chat_transport_open_curl(url, options, err);
}

void
chat_transport_free(struct chat_transport *transport)
{
	if (transport)
		transport->kind->free(transport);
}

int
chat_transport_connect(struct chat_transport *transport, struct chat_err *err)
{
	return transport->kind->connect(transport, err);
}

ssize_t
chat_transport_read(struct chat_transport *transport, char *to, size_t size, struct chat_err *err)
{
	return transport->kind->read(transport, to, size, err);
}

ssize_t
chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err)
{
	return transport->kind->write(transport, bytes, len, err);
}

size_t
chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing)
{
	size_t count = transport->watched_count < max ? transport->watched_count : max;

	if (transport->socket < 0) {
		memcpy(fds, transport->watched, count * sizeof(*fds));
		return count;
	}
	if (max == 0)
		return 0;
	*fds = (struct pollfd){
		.fd = transport->socket, .events = (short)(POLLIN | (writing ? POLLOUT : 0))};
	return 1;
}

size_t
chat_transport_unsent_bytes(const struct chat_transport *transport)
{
	int bytes = 0;

	if (transport->socket < 0 || ioctl(transport->socket, SIOCOUTQ, &bytes) < 0)
		return 0;
	return bytes > 0 ? (size_t)bytes : 0;
}

int64_t
chat_transport_wake_ms(const struct chat_transport *transport)
{
	return transport->wake_ms;
}

const char *
chat_transport_address(const struct chat_transport *transport)
{
	return transport->socket < 0 ? "" : transport->address;
}
