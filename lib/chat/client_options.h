#ifndef CHAT_CLIENT_OPTIONS_H
#define CHAT_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How to connect to a server. Strings are borrowed until chat_client_open returns, unless said.
 */
struct chat_client_options {
	const char *cacert; /* a CA file; NULL: CURL_CA_BUNDLE, SSL_CERT_FILE or the system's */
	const char *cacert_name; /* its name in errors; NULL: "--cacert"; borrowed until _free */
	const char *cert,
		*key; /* client certificate and key, PEM; key NULL: it is in the file of cert */
	const char *unix_socket; /* connect there instead; NULL: TCP */
	bool insecure; /* do not verify the server */
	int64_t connect_timeout_ms; /* for name, TCP, proxy, TLS and handshake together; above 0 */
	size_t max_message_bytes; /* of a received message; a longer one is CHAT_PROTOCOL_ERROR and
				     Close 1009 */
};

#define CHAT_CLIENT_POLL_FDS 4 /* the most descriptors to poll(2) for */

#endif
