#ifndef SERVE_NET_LISTENER_H
#define SERVE_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "command/strings.h"

/*
 * The sockets that the server listens on. They are opened before the loop runs; the acceptors
 * (acceptor.h) poll them.
 */
struct listener {
	int fd; /* owned */
	bool local; /* only this machine can connect */
	bool secure; /* its connections are TLS */
	bool unlink; /* a unix socket that we made: its file is removed when it is closed */
	char url[160]; /* "ws://127.0.0.1:3001/", "wss://[::1]:3001/", "unix:/path" */
	char unix_path[108]; /* valid where unlink is true */
};

struct listeners {
	struct listener *at;
	size_t count;
	bool secure; /* listeners over TCP are for TLS */
	int spare_fd; /* closed to make room for accept(2) when no descriptor is left; or -1 */
};

/*
 * Opens a listener for each of the addresses. Without addresses it takes the sockets that systemd
 * passed (LISTEN_FDS), or else opens port 3001 of both loopback addresses. Returns 0, or -1 with
 * CHAT_USAGE for an address that cannot be read, CHAT_CANNOT_CONNECT for one that cannot be opened.
 * listeners_close() is due in both cases.
 */
int listeners_open(struct listeners *listeners, const struct chat_strings *addresses, bool secure,
	struct chat_err *err);
void listeners_close(struct listeners *listeners);

/* Returns true if another machine can connect to one of them. */
bool listeners_reach_out(const struct listeners *listeners);

/*
 * Accepts a connection. Returns its non-blocking socket, which the caller owns, and fills *peer in;
 * or one of these. When there are no descriptors, it closes the connection that waits first, by
 * means of the spare descriptor.
 */
enum {
	LISTENER_EMPTY = -1, /* no connection waits */
	LISTENER_GONE = -2, /* the connection failed, or was closed; another may wait */
	LISTENER_STUCK = -3 /* the system has nothing to accept one with: try again later */
};
int listener_accept(struct listeners *listeners, const struct listener *listener,
	struct sockaddr_storage *peer);

#endif
