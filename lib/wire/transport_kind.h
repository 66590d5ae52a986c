#ifndef CHAT_WIRE_TRANSPORT_KIND_H
#define CHAT_WIRE_TRANSPORT_KIND_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"
#include "wire/client_options.h"
#include "wire/url.h"

struct chat_transport;

/* The functions of a kind of transport. They are those of transport.h. */
struct chat_transport_kind {
	void (*free)(struct chat_transport *transport);
	int (*connect)(struct chat_transport *transport, struct chat_err *err);
	ssize_t (*read)(
		struct chat_transport *transport, char *to, size_t size, struct chat_err *err);
	ssize_t (*write)(struct chat_transport *transport, const char *bytes, size_t len,
		struct chat_err *err);
};

/* The first member of the structure of each kind. */
struct chat_transport {
	const struct chat_transport_kind *kind;
	struct pollfd watched[CHAT_CLIENT_POLL_FDS]; /* used until it is connected */
	size_t watched_count;
	int64_t wake_ms; /* when connecting has to continue (chat_now_ms); INT64_MAX: never */
	int socket; /* -1 until it is connected */
	char address[128]; /* valid when it is connected */
};

/*
 * transport_curl.c: by libcurl, which can do all of it.
 */
struct chat_transport *chat_transport_open_curl(const struct chat_url *url,
	const struct chat_client_options *options, struct chat_err *err);

/*
 * transport_local.c: without TLS, to a unix socket or to this machine by the names for which no
 * proxy is ever used. libcurl does the same in the same way, but to load it takes longer than the
 * rest of a short command. Returns NULL, without an error, if it is none of these.
 */
struct chat_transport *chat_transport_open_local(
	const struct chat_url *url, const struct chat_client_options *options);

#endif
