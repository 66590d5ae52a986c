#ifndef CHAT_WIRE_TRANSPORT_PRIVATE_H
#define CHAT_WIRE_TRANSPORT_PRIVATE_H

#include <curl/curl.h>
#include <poll.h>
#include <stdint.h>

#include "chat/err.h"
#include "wire/client_options.h"
#include "wire/url.h"

/*
 * Shared by transport.c, transport_setup.c and transport_error.c.
 */
struct chat_transport {
	CURLM *multi;
	CURL *easy;
	struct pollfd watched[CHAT_CLIENT_POLL_FDS]; /* for libcurl; used until it is connected */
	size_t watched_count;
	int64_t wake_ms; /* the time of libcurl's timer (chat_now_ms); INT64_MAX: no timer */
	curl_socket_t socket; /* CURL_SOCKET_BAD until it is connected */
	char address[128];
	const char *authorities, *authorities_name; /* the CA file, and the option or variable with
						      its name; authorities NULL: the system's */
	bool of_command; /* as in the options */
	const char *proxy_name; /* the environment variable of the proxy; NULL: no proxy */
	char goal[sizeof(((struct chat_url *)NULL)->host) +
		16]; /* host and port in the form of libcurl's sentences */
	char error[CURL_ERROR_SIZE]; /* libcurl's sentence about the last failure */
};

/* Sets all options of the easy handle. Returns 0, or another value if libcurl refuses an option. */
int chat_transport_set(struct chat_transport *transport, const struct chat_url *url,
	const struct chat_client_options *options);

/* Fill err from a result of libcurl and return -1: the first while it connects, the second after.
 */
int chat_transport_fail_connecting(
	struct chat_transport *transport, CURLcode result, struct chat_err *err);
int chat_transport_fail_connected(
	struct chat_transport *transport, CURLcode result, struct chat_err *err);

#endif
