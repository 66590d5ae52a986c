/*
 * The connection of a client, in place of lib/wire/transport.c: a socket without libcurl, to a port
 * of this machine, with or without TLS.
 */
#include "wire/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulation/tls.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"

struct chat_transport {
	int fd;
	struct sim_tls *tls; /* NULL: without TLS */
	bool connected; /* in TCP */
	bool up; /* bytes can be sent */
	int64_t deadline_ms;
};

struct chat_transport *
chat_transport_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_transport *transport = chat_alloc_zeroed(1, sizeof(*transport));
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)url->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)err;
	transport->deadline_ms = chat_now_ms() + options->connect_timeout_ms;
	transport->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	connect(transport->fd, (struct sockaddr *)&to, sizeof(to)); /* its result is asked later */
	if (url->tls)
		transport->tls = sim_tls_open(transport->fd, NULL);
	return transport;
}

void
chat_transport_free(struct chat_transport *transport)
{
	if (!transport)
		return;
	sim_tls_close(transport->tls);
	close(transport->fd);
	free(transport);
}

static int
fail_late(const struct chat_transport *transport, struct chat_err *err)
{
	if (chat_now_ms() < transport->deadline_ms)
		return 0;
	return chat_fail(err, CHAT_CANNOT_CONNECT, "no answer");
}

/* A server that breaks the rules of TLS is not asked again: the command fails, and the run. */
static int
fail_lost(enum chat_code code, struct chat_err *err)
{
	return chat_fail(err, errno == EPROTO ? CHAT_REFUSED : code, "%s", strerror(errno));
}

static int
connect_tcp(struct chat_transport *transport, struct chat_err *err)
{
	struct pollfd wait = {.fd = transport->fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int error = 0;

	if (poll(&wait, 1, 0) == 0)
		return fail_late(transport, err);
	getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error)
		return chat_fail(err, CHAT_CANNOT_CONNECT, "%s", strerror(error));
	transport->connected = true;
	return 1;
}

int
chat_transport_connect(struct chat_transport *transport, struct chat_err *err)
{
	int result = transport->connected ? 1 : connect_tcp(transport, err);

	if (result != 1)
		return result;
	if (transport->tls && sim_tls_connect(transport->tls) < 0)
		return errno == EAGAIN ? fail_late(transport, err)
				       : fail_lost(CHAT_CANNOT_CONNECT, err);
	transport->up = true;
	return 1;
}

ssize_t
chat_transport_read(struct chat_transport *transport, char *to, size_t size, struct chat_err *err)
{
	ssize_t count = transport->tls ? sim_tls_receive(transport->tls, to, size)
				       : recv(transport->fd, to, size, 0);

	if (count > 0)
		return count;
	if (count == 0)
		return chat_fail(err, CHAT_CONNECTION_LOST, "the server ended the connection");
	return errno == EAGAIN ? 0 : fail_lost(CHAT_CONNECTION_LOST, err);
}

ssize_t
chat_transport_write(
	struct chat_transport *transport, const char *bytes, size_t len, struct chat_err *err)
{
	ssize_t count = transport->tls ? sim_tls_send(transport->tls, bytes, len)
				       : send(transport->fd, bytes, len, MSG_NOSIGNAL);

	return count >= 0 ? count : errno == EAGAIN ? 0 : fail_lost(CHAT_CONNECTION_LOST, err);
}

size_t
chat_transport_unsent_bytes(const struct chat_transport *transport)
{
	int bytes = 0;

	return ioctl(transport->fd, SIOCOUTQ, &bytes) < 0 ? 0 : (size_t)bytes;
}

size_t
chat_transport_poll_fds(
	const struct chat_transport *transport, struct pollfd *fds, size_t max, bool writing)
{
	short events = transport->connected ? POLLIN : 0;

	if (max == 0)
		return 0;
	if (transport->connected && !transport->up)
		events = sim_tls_waits_for(transport->tls);
	else if (writing || !transport->connected)
		events |= POLLOUT;
	*fds = (struct pollfd){.fd = transport->fd, .events = events};
	return 1;
}

int64_t
chat_transport_wake_ms(const struct chat_transport *transport)
{
	return transport->up ? INT64_MAX : transport->deadline_ms;
}

const char *
chat_transport_address(const struct chat_transport *transport)
{
	return transport->up ? "127.0.0.1:3001" : "";
}
