/*
 * Connections without TLS to this machine, by a socket. Of the names that get here each is known
 * without a look-up, and none is reached by a proxy. As libcurl does it, localhost is ::1 or
 * 127.0.0.1: the second is tried when the first has failed, or has not answered for a while.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/transport_kind.h"

#define NEXT_MS 200 /* without an answer until the next address is tried, too */
#define BUSY_MS 10 /* until a unix socket is tried again whose server has too many to accept */
#define IDLE_SECONDS 60 /* until the kernel asks a silent peer, and between its questions */

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un path;
};

/* One address to try. */
struct target {
	union address address;
	socklen_t len;
	const char *name; /* static: as the host in an address; NULL: a unix socket */
};

#define TARGETS 2

struct local_transport {
	struct chat_transport base; /* watched: the sockets that connect now */
	struct target targets[TARGETS]; /* those from `next` on are not tried yet */
	const struct target *tried[TARGETS]; /* of the socket with the same place in watched */
	size_t count, next;
	unsigned port;
	int error; /* errno of the last failure */
};

/* ---- the addresses ---- */

static void
add_ip4(struct local_transport *transport)
{
	struct target *target = &transport->targets[transport->count++];

	target->address.ip4 = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)transport->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	target->len = sizeof(target->address.ip4);
	target->name = "127.0.0.1";
}

static void
add_ip6(struct local_transport *transport)
{
	struct target *target = &transport->targets[transport->count++];

	target->address.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)transport->port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	target->len = sizeof(target->address.ip6);
	target->name = "[::1]";
}

static void
add_unix(struct local_transport *transport, const char *path)
{
	struct target *target = &transport->targets[transport->count++];

	target->address.path = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(target->address.path.sun_path, sizeof(target->address.path.sun_path), "%s", path);
	target->len = sizeof(target->address.path);
}

/* Finds the addresses. If the server is not one of those, there are none. */
static void
find_targets(struct local_transport *transport, const struct chat_url *url,
	const struct chat_client_options *options)
{
	const char *path = options->unix_socket;
	bool both = strcasecmp(url->host, "localhost") == 0;

	if (path && *path && strlen(path) < sizeof(transport->targets->address.path.sun_path))
		add_unix(transport, path);
	if (path)
		return;
	if (both || strcmp(url->host, "[::1]") == 0)
		add_ip6(transport);
	if (both || strcmp(url->host, "127.0.0.1") == 0)
		add_ip4(transport);
}

/* ---- connecting ---- */

static void
set_options(int fd)
{
	int on = 1, seconds = IDLE_SECONDS;

	/* Without them the connection works, too. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
}

/* Begins to connect to the next address. It fails, or its socket is watched. */
static void
try_next(struct local_transport *transport)
{
	struct chat_transport *base = &transport->base;
	const struct target *target = &transport->targets[transport->next++];
	int fd = socket(
		target->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	base->wake_ms = transport->next < transport->count ? chat_now_ms() + NEXT_MS : INT64_MAX;
	if (fd >= 0 && target->name)
		set_options(fd);
	if (fd >= 0 &&
		(connect(fd, &target->address.any, target->len) == 0 || errno == EINPROGRESS)) {
		transport->tried[base->watched_count] = target;
		base->watched[base->watched_count++] = (struct pollfd){.fd = fd, .events = POLLOUT};
		return;
	}
	transport->error = errno;
	if (fd >= 0)
		close(fd);
	base->wake_ms = chat_now_ms();
	if (transport->error == EAGAIN) { /* of a unix socket: nothing tells when it has room */
		transport->next--;
		base->wake_ms += BUSY_MS;
	}
}

/* Forgets a socket that did not connect. */
static void
drop(struct local_transport *transport, size_t i)
{
	struct chat_transport *base = &transport->base;

	close(base->watched[i].fd);
	base->watched[i] = base->watched[--base->watched_count];
	transport->tried[i] = transport->tried[base->watched_count];
}

/* Takes a socket that has connected; the others are closed. */
static int
take(struct local_transport *transport, size_t i)
{
	struct chat_transport *base = &transport->base;
	const struct target *target = transport->tried[i];

	base->socket = base->watched[i].fd;
	base->watched[i] = base->watched[--base->watched_count];
	while (base->watched_count > 0)
		drop(transport, 0);
	base->wake_ms = INT64_MAX;
	if (target->name)
		snprintf(base->address, sizeof(base->address), "%s:%u", target->name,
			transport->port);
	else
		snprintf(base->address, sizeof(base->address), "%s", target->address.path.sun_path);
	return 1;
}

/* Looks which sockets have connected or failed. Returns 1 if one has connected, else 0. */
static int
look(struct local_transport *transport)
{
	struct chat_transport *base = &transport->base;
	size_t i = 0;

	if (poll(base->watched, base->watched_count, 0) <= 0)
		return 0;
	while (i < base->watched_count) {
		int error = 0;
		socklen_t len = sizeof(error);

		if (base->watched[i].revents == 0) {
			i++;
			continue;
		}
		if (getsockopt(base->watched[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
			error == 0)
			return take(transport, i);
		transport->error = error;
		drop(transport, i);
	}
	return 0;
}

static int
local_connect(struct chat_transport *base, struct chat_err *err)
{
	struct local_transport *transport = (struct local_transport *)base;

	for (;;) {
		bool more = transport->next < transport->count;

		if (look(transport) > 0)
			return 1;
		if (!more && base->watched_count == 0)
			break;
		if (!more || (base->watched_count > 0 && chat_now_ms() < base->wake_ms))
			return 0;
		if (transport->error == EAGAIN && chat_now_ms() < base->wake_ms)
			return 0;
		try_next(transport);
	}
	return chat_fail(err, CHAT_CANNOT_CONNECT, "%s%s", strerror(transport->error),
		transport->error == EMFILE ? " (ulimit -n tells how many may be open)" : "");
}

/* ---- the connection ---- */

static int
fail_lost(struct chat_err *err)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	return chat_fail(err, CHAT_CONNECTION_LOST, "%s", strerror(errno));
}

static ssize_t
local_read(struct chat_transport *base, char *to, size_t size, struct chat_err *err)
{
	ssize_t got = recv(base->socket, to, size, 0);

	if (got == 0)
		return chat_fail(err, CHAT_CONNECTION_LOST, "the server ended the connection");
	return got > 0 ? got : fail_lost(err);
}

static ssize_t
local_write(struct chat_transport *base, const char *bytes, size_t len, struct chat_err *err)
{
	ssize_t sent = send(base->socket, bytes, len, MSG_NOSIGNAL);

	return sent >= 0 ? sent : fail_lost(err);
}

static void
local_free(struct chat_transport *base)
{
	struct local_transport *transport = (struct local_transport *)base;

	while (base->watched_count > 0)
		drop(transport, 0);
	if (base->socket >= 0)
		close(base->socket);
	free(transport);
}

static const struct chat_transport_kind local = {
	.free = local_free,
	.connect = local_connect,
	.read = local_read,
	.write = local_write,
};

struct chat_transport *
chat_transport_open_local(const struct chat_url *url, const struct chat_client_options *options)
{
	struct local_transport *transport;

	if (url->tls)
		return NULL;
	transport = chat_alloc_zeroed(1, sizeof(*transport));
	transport->base.kind = &local;
	transport->base.socket = -1;
	transport->port = url->port;
	find_targets(transport, url, options);
	if (transport->count == 0) {
		free(transport);
		return NULL;
	}
	try_next(transport);
	return &transport->base;
}
