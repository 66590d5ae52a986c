#ifndef SERVE_NET_LISTENER_H
#define SERVE_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "command/strings.h"

/*
 * The sockets that the server listens on. They are opened before the loop runs. The acceptors
 * (acceptor.h) poll them.
 */
struct listener {
	int fd; /* owned */
	bool local; /* only this machine can connect */
	bool secure; /* its connections use TLS */
	bool unlink; /* we created a unix socket: listeners_close() removes its file */
	char url[160]; /* "ws://127.0.0.1:3001/", "wss://[::1]:3001/", "unix:/path" */
	char unix_path[108]; /* valid if unlink */
};

struct listeners {
	struct listener *at;
	size_t count;
	bool secure; /* the TCP listeners use TLS */
	int spare_fd; /* closed for an accept(2) when no descriptor is left; -1: not open */
};

/*
 * Opens the listeners for the addresses. If there is no address, uses the sockets that systemd
 * passed (LISTEN_FDS); if systemd passed none, opens port 3001 of both loopback addresses. Returns
 * 0, or -1 with CHAT_USAGE (an invalid address) or CHAT_CANNOT_CONNECT (a socket cannot be opened).
 * The caller must call listeners_close() in both cases.
 */
int listeners_open(struct listeners *listeners, const struct chat_strings *addresses, bool secure,
	struct chat_err *err);
void listeners_close(struct listeners *listeners);

/* Returns true if another machine can connect to at least one listener. */
bool listeners_reach_out(const struct listeners *listeners);

/*
 * Accepts a connection. Returns its non-blocking socket, which the caller owns, and fills in *peer;
 * or returns one of these constants. If no descriptor is left, closes the first waiting connection
 * with the help of spare_fd, and returns LISTENER_GONE.
 */
enum {
	LISTENER_EMPTY = -1, /* no connection waits */
	LISTENER_GONE = -2, /* the connection failed or was closed; call again for the next one */
	LISTENER_STUCK = -3 /* accept(2) failed, for example without memory: call again later */
};
int listener_accept(struct listeners *listeners, const struct listener *listener,
	struct sockaddr_storage *peer);

#endif
