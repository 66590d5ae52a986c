#ifndef SERVE_NET_TLS_PRIVATE_H
#define SERVE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <uv.h>

#include "serve/net/tls.h"

/* For the files that implement tls.h. No other file of the server uses OpenSSL's TLS. */
struct tls {
	const struct tls_files *files; /* borrowed */
	uv_mutex_t mutex; /* of `context` */
	SSL_CTX *context; /* owned; for new sessions: a session keeps its first context */
	BIO_METHOD *wire; /* owned */

	/* The sessions of several threads change them. */
	atomic_size_t failures; /* the number of failed handshakes */
	atomic_size_t bytes; /* the estimated memory of all sessions together */
};

struct tls_session {
	SSL *ssl;
	struct tls *tls;
	int fd; /* borrowed */

	/* The reads and bytes of the socket that this tls_read() may still use (tls_wire.c). */
	uint32_t reads_left;
	size_t bytes_left;

	int64_t idle_ms; /* the time when the count `idle` began */
	int32_t idle; /* about the number of received records without data */
	uint32_t bytes; /* the estimated memory, as counted in tls->bytes */
	uint16_t committed; /* the bytes of data in an encrypted record that is not all sent */
	bool up; /* the handshake is done; stays true after an error */
	bool failed; /* the handshake failed in TLS; input is discarded */
	bool ended; /* the peer has closed its side of TCP */
	bool noisy; /* too many records without data arrived */
	bool blocked; /* reading can go on only when the socket is writable */
};

/*
 * tls_wire.c
 */

/* Returns the methods for tls_wire_open(), or NULL. The caller frees them with BIO_meth_free(3). */
BIO_METHOD *tls_wire_new(void);

/* Returns a BIO that uses the socket of a session, or NULL. The caller owns the BIO. */
BIO *tls_wire_open(struct tls_session *session);

#endif
