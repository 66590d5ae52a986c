#ifndef SERVE_NET_TLS_PRIVATE_H
#define SERVE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>

#include "serve/net/tls.h"

/*
 * Shared by the files of TLS alone. They are the only ones of the server that know OpenSSL's TLS.
 */
struct tls {
	const struct tls_files *files; /* borrowed */
	SSL_CTX *context; /* for the sessions to come; sessions hold the one they began with */
	BIO_METHOD *wire;
	uint64_t failures; /* sessions that ended before their handshake was done */
	size_t bytes; /* of memory of all sessions together, about */
};

struct tls_session {
	SSL *ssl;
	struct tls *tls;
	int fd; /* borrowed */

	/* The reads and bytes of the socket that are left of this turn (tls_wire.c). */
	uint32_t reads_left;
	size_t bytes_left;

	int64_t idle_ms; /* when the count of idle records began */
	int32_t idle; /* records received that carried no data, about */
	uint32_t bytes; /* of memory, as counted in tls->bytes */
	uint16_t committed; /* bytes of the record that was made and not sent; 0: there is none */
	bool up; /* the handshake was done; it stays so when an error ends the session */
	bool failed; /* the handshake has failed */
	bool ended; /* the peer has closed its side of TCP */
	bool noisy; /* the session was ended for its idle records */
	bool blocked; /* reading can go on when the socket takes bytes */
};

/*
 * tls_wire.c
 */

/* Returns the methods of a BIO over a session's socket, or NULL. The caller frees them. */
BIO_METHOD *tls_wire_new(void);

/* Returns a BIO over the socket of a session, or NULL. The caller owns it. */
BIO *tls_wire_open(struct tls_session *session);

#endif
