#ifndef CHAT_WIRE_TRANSPORT_CURL_H
#define CHAT_WIRE_TRANSPORT_CURL_H

#include "chat/err.h"
#include "wire/client_options.h"
#include "wire/curl.h"
#include "wire/transport_kind.h"
#include "wire/url.h"

/*
 * Shared by transport_curl.c, transport_setup.c and transport_error.c.
 */
struct curl_transport {
	struct chat_transport base; /* watched and wake_ms: the descriptors and the timer of libcurl
				     */
	struct chat_curl curl;
	CURLM *multi;
	CURL *easy;
	const char *authorities, *authorities_name; /* the CA file, and the option or variable with
						      its name; authorities NULL: the system's */
	bool of_command; /* as in the options */
	const char *proxy_name; /* the environment variable of the proxy; NULL: no proxy */
	char goal[sizeof(((struct chat_url *)NULL)->host) +
		16]; /* host and port in the form of libcurl's sentences */
	char error[CURL_ERROR_SIZE]; /* libcurl's sentence about the last failure */
};

/* Sets all options of the easy handle. Returns 0, or another value if libcurl refuses an option. */
int chat_curl_set(struct curl_transport *transport, const struct chat_url *url,
	const struct chat_client_options *options);

/* Fill err from a result of libcurl and return -1: the first while it connects, the second after.
 */
int chat_curl_fail_connecting(
	struct curl_transport *transport, CURLcode result, struct chat_err *err);
int chat_curl_fail_connected(
	struct curl_transport *transport, CURLcode result, struct chat_err *err);

#endif
