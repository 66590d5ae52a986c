#ifndef CHAT_WIRE_CLIENT_OPTIONS_H
#define CHAT_WIRE_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The options of a connection. Strings are borrowed until chat_client_open returns, but cacert and
 * cacert_name until chat_client_free.
 */
struct chat_client_options {
	const char *cacert; /* a CA file; NULL: CURL_CA_BUNDLE, SSL_CERT_FILE or the system's */
	const char *cacert_name; /* the option named in errors about cacert; NULL: "--cacert" */
	const char *cert,
		*key; /* PEM files; cert NULL: none; key NULL: the key is in the file of cert */
	const char *unix_socket; /* the path to connect to instead of the host; NULL: TCP */
	bool insecure; /* do not verify the server */
	bool of_command; /* errors say which options of a command help: --cacert, --cert, -k */
	int64_t connect_timeout_ms; /* for name lookup, TCP, proxy, TLS and handshake together;
				       must be above 0 */
	size_t max_message_bytes; /* a longer message from the server ends the connection with
				     CHAT_PROTOCOL_ERROR and Close 1009 */
	bool binary; /* take binary messages; else one ends the connection with 1003 */
};

#define CHAT_CLIENT_POLL_FDS 4 /* the maximum result of chat_client_poll_fds */

#endif
