#ifndef SERVE_NET_TLS_PRIVATE_H
#define SERVE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <uv.h>

#include "serve/net/tls.h"
#include "text/buf.h"

/* For the files that implement tls.h. No other file of the server uses OpenSSL's TLS. */

/* The time in which a key encrypts tickets, and in which a ticket can be used. */
#define TLS_TICKET_MS ((int64_t)2 * 60 * 60 * 1000)
#define TLS_TICKET_NAME 16 /* bytes of the name of a key, in each ticket */

/* A key of session tickets. All bytes of it are random. */
struct tls_ticket_key {
	unsigned char name[TLS_TICKET_NAME], cipher[16], mac[32];
};

struct tls_tickets {
	struct tls_ticket_key now; /* encrypts and decrypts */
	struct tls_ticket_key before; /* decrypts */
	int64_t made_ms; /* when `now` was made */
};

struct tls {
	const struct tls_files *files; /* borrowed */
	uv_mutex_t mutex; /* of `context` and `tickets` */
	SSL_CTX *context; /* owned; for new sessions: a session keeps its first context */
	BIO_METHOD *wire; /* owned */
	struct tls_tickets tickets; /* for the sessions of `context` */

	/* The sessions of several threads change them. */
	atomic_size_t failures; /* the number of failed handshakes */
	atomic_size_t bytes; /* the estimated memory of all sessions together */
};

#define TLS_HEADER 5 /* bytes before each record */
#define TLS_AHEAD_MAX 16384 /* bytes that one recv(2) reads, if it may read several records */
#define TLS_SMALLEST_RECORD 22 /* bytes; of TLS 1.3, without data */

/* The input of one tls_read(), on its stack. All of it is handed to OpenSSL in that call. */
struct tls_input {
	char bytes[TLS_AHEAD_MAX]; /* read from the socket, after one another: [at, len) is left */
	size_t at, len;
	size_t room; /* the data that may still be read ahead, in bytes */
	size_t bytes_left; /* that may still be read from the socket */
	size_t got; /* the bytes read from the socket */
	int32_t records_left, records; /* that may still begin; that have begun */
	bool dry; /* the socket had less than was asked for */
};

#define TLS_SEALED_MAX (TLS_RECORD_MAX + 256) /* bytes of an encrypted record of data, at most */
#define TLS_OUTPUT_RECORDS 4 /* that one send(2) sends */

/* The records of one tls_write(), on its stack. */
struct tls_output {
	char bytes[TLS_OUTPUT_RECORDS * TLS_SEALED_MAX];
	size_t len;
};

struct tls_session {
	SSL *ssl;
	struct tls *tls;
	size_t *held; /* borrowed; the memory of `unsent` is added to it; NULL: to nothing */
	struct tls_input *input; /* of the running tls_read(); NULL: nothing may be read */
	struct tls_output *output; /* of the running tls_write(); NULL: records are sent at once */
	struct chat_buf unsent; /* records that the socket did not accept */
	uint32_t sent; /* the bytes of unsent that are sent */
	int fd; /* borrowed */

	int64_t idle_ms; /* the time when the count `idle` began */
	int32_t idle; /* about the number of received records without data */
	uint32_t bytes; /* the estimated memory, as counted in tls->bytes */
	uint16_t record_bytes; /* the mean size of the records that were read last */
	bool up; /* the handshake is done; stays true after an error */
	bool failed; /* the handshake failed in TLS; input is discarded */
	bool ended; /* the peer has closed its side of TCP */
	bool noisy; /* too many records without data arrived */
	bool waits_for_input; /* writing can go on only when tls_read() has read more */
};

/*
 * tls_wire.c
 */

/* Returns the methods for tls_wire_open(), or NULL. The caller frees them with BIO_meth_free(3). */
BIO_METHOD *tls_wire_new(void);

/* Returns a BIO that uses the socket of a session, or NULL. The caller owns the BIO. */
BIO *tls_wire_open(struct tls_session *session);

/*
 * tls_tickets.c
 */

/* Makes new keys: no ticket of before can be used. Returns false if OpenSSL has no random bytes. */
bool tls_tickets_reset(struct tls_tickets *tickets, int64_t now_ms);

/* The callback of SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
int tls_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int issue);

/*
 * tls_output.c
 */

/*
 * Takes encrypted bytes: into session->output, or to the socket. What the socket does not accept is
 * kept in `unsent`. Returns 0, or -1: the socket has failed, or too much is unsent.
 */
int tls_output_take(struct tls_session *session, const char *bytes, size_t len);

/* Sends the bytes in session->output, which is empty then. Returns as tls_output_take(). */
int tls_output_send(struct tls_session *session);

/* Frees `unsent`. */
void tls_output_free(struct tls_session *session);

#endif
