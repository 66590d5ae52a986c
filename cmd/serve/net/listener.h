#ifndef SERVE_NET_LISTENER_H
#define SERVE_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "chat/err.h"
#include "command/strings.h"

/*
 * The sockets that are listened on, opened before the loop runs (acceptor.h polls them).
 */
struct listener {
	int fd;
	bool local; /* only this machine can connect */
	bool secure; /* its connections are TLS */
	bool unlink; /* a unix socket of ours: removed when closed */
	char url[160]; /* "ws://127.0.0.1:3001/", "wss://[::1]:3001/", "unix:/path" */
	char unix_path[108];
};

struct listeners {
	struct listener *at;
	size_t count;
	bool secure; /* those over TCP are to be */
	int spare_fd; /* given up to turn somebody away when descriptors have run out; -1: gone */
};

/*
 * Opens the addresses given, or those handed in by the service manager (LISTEN_FDS), or else the
 * loopback ones of port 3001; secure: those over TCP are for TLS. -1 with CHAT_USAGE for an
 * address that cannot be read, CHAT_CANNOT_CONNECT for one that cannot be had.
 */
int listeners_open(struct listeners *listeners, const struct chat_strings *addresses, bool secure,
	struct chat_err *err);
void listeners_close(struct listeners *listeners);

/* Whether anybody beyond this machine can connect. */
bool listeners_reach_out(const struct listeners *listeners);

/*
 * A new connection, non-blocking, with the peer's address, or one of these. Where descriptors have
 * run out, who waits is turned away by means of the spare one, if there still is one.
 */
enum {
	LISTENER_EMPTY = -1, /* nobody is waiting any more */
	LISTENER_GONE = -2, /* who waited is gone, or turned away; another may wait */
	LISTENER_STUCK = -3 /* there is nothing to take them with: to be tried again later */
};
int listener_accept(struct listeners *listeners, const struct listener *listener,
	struct sockaddr_storage *peer);

#endif
