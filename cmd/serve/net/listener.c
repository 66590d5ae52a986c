/*
 * Listening sockets: parses the addresses, binds the sockets, accepts connections. acceptor.c calls
 * listener_accept() when a socket is readable.
 */
#include "serve/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/net/address.h"
#include "serve/util/systemd.h"
#include "text/buf.h"
#include "text/err.h"

#define DEFAULT_PORT "3001"
#define PORT_TRIES 16 /* retries to find a port that is free at all addresses of a name */

static struct listener *
listeners_add(struct listeners *listeners, int fd)
{
	struct listener *listener;

	listeners->at =
		chat_realloc(listeners->at, (listeners->count + 1) * sizeof(*listeners->at));
	listener = &listeners->at[listeners->count++];
	*listener = (struct listener){.fd = fd};
	return listener;
}

/* Fills in local, secure and url of a listener. Its fd must be bound. */
static void
listener_describe(struct listener *listener, bool secure)
{
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);
	char text[ADDRESS_TEXT_MAX];

	getsockname(listener->fd, (struct sockaddr *)&bound, &len);
	address_format((struct sockaddr *)&bound, text);
	listener->local = address_is_local((struct sockaddr *)&bound);
	listener->secure = secure && bound.ss_family != AF_UNIX;
	if (bound.ss_family == AF_UNIX)
		snprintf(listener->url, sizeof(listener->url), "%s", text);
	else
		snprintf(listener->url, sizeof(listener->url), "%s://%s/",
			listener->secure ? "wss" : "ws", text);
}

static unsigned
bound_port(int fd)
{
	struct sockaddr_storage bound = {0};
	socklen_t len = sizeof(bound);

	getsockname(fd, (struct sockaddr *)&bound, &len);
	return ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

static int
socket_listen(const struct sockaddr *address, socklen_t len)
{
	int yes = 1, fd;

	fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (address->sa_family != AF_UNIX) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes,
			sizeof(yes)); /* connections inherit it */
	}
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, address, len) < 0 || listen(fd, SOMAXCONN) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* ---- TCP ---- */

/*
 * Splits "host:port", ":port" or "[v6]:port". Copies the host, which may be empty, without
 * brackets; *port points into text. Returns 0, or -1 with CHAT_USAGE.
 */
static int
address_split(const char *text, char *host, size_t size, const char **port, struct chat_err *err)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = colon;
	const char *url = strstr(text, "://");

	if (url)
		return chat_fail(err, CHAT_USAGE, "%s is a URL; the address in it is %.*s", text,
			(int)strcspn(url + 3, "/"), url + 3);
	if (!colon)
		return chat_fail(err, CHAT_USAGE,
			"%s: an address is host:port, :port, [v6]:port or unix:/path", text);
	if (*text == '[') {
		if (to[-1] != ']')
			return chat_fail(err, CHAT_USAGE,
				"%s: an IPv6 address is written [address]:port", text);
		from++;
		to--;
	} else if (memchr(text, ':', (size_t)(colon - text))) {
		return chat_fail(
			err, CHAT_USAGE, "%s: an IPv6 address is written [address]:port", text);
	}
	if ((size_t)(to - from) >= size)
		return chat_fail(err, CHAT_USAGE, "the host name is too long");
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	*port = colon + 1;
	if (!**port || strspn(*port, "0123456789") != strlen(*port) || atol(*port) > 65535)
		return chat_fail(err, CHAT_USAGE, "a port is a number from 0 to 65535");
	return 0;
}

/* Closes all listeners but the first `kept`. */
static void
listeners_drop(struct listeners *listeners, size_t kept)
{
	while (listeners->count > kept)
		close(listeners->at[--listeners->count].fd);
}

/* Fills err with the text of errno and this address. Does not change errno. */
static void
fail_address(struct chat_err *err, const struct sockaddr *address)
{
	char text[ADDRESS_TEXT_MAX];
	int error = errno;

	address_format(address, text);
	chat_fail(err, CHAT_CANNOT_CONNECT, "cannot listen on %s: %s", text, strerror(error));
	errno = error;
}

/*
 * Opens a listener for each address of a name. For port 0 the kernel chooses a port for the first
 * address, and the other addresses use this port. Returns 0, or -1 with an error, or 1: this port
 * is in use at another address, and the listeners of this call are closed again.
 */
static int
listen_all(struct listeners *listeners, struct addrinfo *list, struct chat_err *err)
{
	size_t before = listeners->count;
	bool any = ((struct sockaddr_in *)list->ai_addr)->sin_port == 0;
	unsigned port = 0;

	for (struct addrinfo *info = list; info; info = info->ai_next) {
		struct sockaddr_in *in = (struct sockaddr_in *)info->ai_addr;
		int fd;

		if (any)
			in->sin_port = htons((uint16_t)port);
		fd = socket_listen(info->ai_addr, info->ai_addrlen);
		if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
			(info->ai_next || listeners->count > before))
			continue; /* this machine has no IPv6, or no IPv4 */
		if (fd < 0) {
			fail_address(err, info->ai_addr);
			if (!any || !port || errno != EADDRINUSE)
				return -1;
			listeners_drop(listeners, before);
			in->sin_port = 0;
			((struct sockaddr_in *)list->ai_addr)->sin_port = 0;
			return 1;
		}
		port = bound_port(fd);
		listener_describe(listeners_add(listeners, fd), listeners->secure);
	}
	return 0;
}

/* Returns -1 with an error; errno is then the reason of the kernel, or 0 if it was not asked. */
static int
listen_tcp(struct listeners *listeners, const char *text, struct chat_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
	bool loopback;
	const char *port = NULL;
	char host[256];
	int status, error;

	errno = 0;
	if (address_split(text, host, sizeof(host), &port, err) < 0)
		return -1;
	/* localhost is always a loopback address; do not ask a resolver (RFC 6761) */
	loopback = strcmp(host, "localhost") == 0;
	if (loopback)
		hints.ai_flags = 0;
	status = getaddrinfo(*host && !loopback ? host : NULL, port, &hints, &list);
	if (status) {
		errno = 0;
		return chat_fail(err, CHAT_CANNOT_CONNECT, "cannot listen on %s: %s", text,
			gai_strerror(status));
	}
	for (int tries = 0; (status = listen_all(listeners, list, err)) > 0 && tries < PORT_TRIES;)
		tries++;
	error = errno;
	freeaddrinfo(list);
	errno = error;
	return status > 0 ? -1 : status;
}

/* ---- unix sockets ---- */

/* Removes the file of a unix socket if no process listens on it. Keeps every other file. */
static void
unlink_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int fd;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int
listen_unix(struct listeners *listeners, const char *path, struct chat_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct listener *listener;
	int fd;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return chat_fail(err, CHAT_USAGE, "a unix socket's path has 1 to %zu bytes",
			sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	unlink_stale(&address);
	fd = socket_listen((struct sockaddr *)&address, sizeof(address));
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_CONNECT, "cannot listen on unix:%s: %s", path,
			strerror(errno));
	listener = listeners_add(listeners, fd);
	listener_describe(listener, false);
	strcpy(listener->unix_path, path);
	listener->unlink = true;
	return 0;
}

/* ---- all ---- */

static int
listen_defaults(struct listeners *listeners, struct chat_err *err)
{
	if (listen_tcp(listeners, "127.0.0.1:" DEFAULT_PORT, err) < 0)
		return -1;
	/* a machine without IPv6 needs 127.0.0.1 only */
	if (listen_tcp(listeners, "[::1]:" DEFAULT_PORT, err) < 0 && errno != EAFNOSUPPORT &&
		errno != EADDRNOTAVAIL)
		return -1;
	return 0;
}

static int
listen_inherited(struct listeners *listeners, int count)
{
	for (int i = 0; i < count; i++) {
		int fd = SYSTEMD_FIRST_FD + i;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		listener_describe(listeners_add(listeners, fd), listeners->secure);
	}
	return 0;
}

int
listeners_open(struct listeners *listeners, const struct chat_strings *addresses, bool secure,
	struct chat_err *err)
{
	int inherited = systemd_listen_fds();

	*listeners = (struct listeners){
		.secure = secure, .spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
	if (!addresses->count && inherited > 0)
		return listen_inherited(listeners, inherited);
	if (!addresses->count)
		return listen_defaults(listeners, err);
	for (size_t i = 0; i < addresses->count; i++) {
		const char *text = addresses->at[i];
		int status = strncmp(text, "unix:", 5) == 0 ? listen_unix(listeners, text + 5, err)
							    : listen_tcp(listeners, text, err);

		if (status < 0)
			return -1;
	}
	return 0;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		close(listeners->at[i].fd);
		if (listeners->at[i].unlink)
			unlink(listeners->at[i].unix_path);
	}
	free(listeners->at);
	if (listeners->spare_fd >= 0)
		close(listeners->spare_fd);
	*listeners = (struct listeners){.spare_fd = -1};
}

bool
listeners_reach_out(const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (!listeners->at[i].local)
			return true;
	return false;
}

/* Called when no descriptor is left. Closes spare_fd to accept and close one connection. */
static int
accept_and_close(struct listeners *listeners, const struct listener *listener)
{
	int fd = -1;

	if (listeners->spare_fd >= 0) {
		close(listeners->spare_fd);
		fd = accept(listener->fd, NULL, NULL);
		if (fd >= 0)
			close(fd);
	}
	listeners->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? LISTENER_GONE : LISTENER_STUCK;
}

int
listener_accept(
	struct listeners *listeners, const struct listener *listener, struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(*peer);
	int fd;

	*peer = (struct sockaddr_storage){0};
	fd = accept4(listener->fd, (struct sockaddr *)peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case EAGAIN:
		return LISTENER_EMPTY;
	case EMFILE:
	case ENFILE:
		return accept_and_close(listeners, listener);
	case ECONNABORTED:
	case EINTR:
	case EPERM:
	case EPROTO:
		return LISTENER_GONE; /* errors of one connection, see accept(2) */
	default:
		return LISTENER_STUCK;
	}
}
