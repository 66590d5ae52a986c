#ifndef SERVE_NET_TLS_H
#define SERVE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The server's side of TLS, 1.2 or newer (RFC 8446, RFC 5246). A struct tls holds the certificate
 * and the settings; a struct tls_session is the TLS of one connection, over a non-blocking socket
 * that the caller owns.
 */
struct tls_files {
	const char *cert; /* PEM: the certificate, and those that lead to its authority */
	const char *key; /* PEM, without a password; NULL: it is in the file of the certificate */
	const char *
		client_ca; /* PEM: the authority of clients' certificates; NULL: none is required */
};

struct tls;
struct tls_session;

/*
 * tls_context.c
 */

/*
 * Reads the files. files stays the caller's, and valid until tls_close(). Returns NULL with
 * CHAT_CANNOT_OPEN and a sentence that names the file.
 */
struct tls *tls_open(const struct tls_files *files, struct chat_err *err);

/* Frees it. Sessions keep the certificate that they need. NULL does nothing. */
void tls_close(struct tls *tls);

/*
 * Reads the files again, for sessions that begin from now on. Returns -1, as tls_open, and keeps
 * what it had.
 */
int tls_reload(struct tls *tls, struct chat_err *err);

/* Returns true if the certificate is for this host name. */
bool tls_is_named(const struct tls *tls, struct chat_span host);

/* Returns how many sessions have ended before their handshake was done. */
uint64_t tls_failures(const struct tls *tls);

/* Returns the bytes of memory that all sessions take, about: OpenSSL does not tell. */
size_t tls_memory(const struct tls *tls);

/*
 * tls_session.c
 */

/*
 * Returns a session for an accepted socket, or NULL. tls must outlive it. Nothing is sent or
 * received before the first tls_read().
 */
struct tls_session *tls_accept(struct tls *tls, int fd);
void tls_session_free(struct tls_session *session); /* NULL does nothing */

/*
 * Goes on with the handshake, then reads data. Reads about `share` bytes of the socket, and one
 * record for each kilobyte of them. size is at least TLS_RECORD_MAX. Returns the bytes of data, or
 * STREAM_WAIT or STREAM_GONE (stream_status.h). No data is held back: what is not returned is in
 * the socket, so that poll(2) reports it.
 *
 * Records that carry no data (of handshakes, key updates, renegotiations, alerts, empty ones) are
 * limited, too: a session that receives more than TLS_IDLE_RECORDS of them in a minute is gone.
 */
#define TLS_RECORD_MAX 16384
#define TLS_IDLE_RECORDS 128
ssize_t tls_read(struct tls_session *session, void *bytes, size_t size, size_t share);

/* Returns true while tls_read() waits for the socket to take bytes. */
bool tls_wants_write(const struct tls_session *session);

/* Returns why the session is gone, a static sentence; NULL: TLS is not the reason. */
const char *tls_fault(const struct tls_session *session);

/* Returns true when the handshake is done, so that data can be sent; from then on it stays true. */
bool tls_is_up(const struct tls_session *session);

/*
 * Sends the front of these bytes, one record at most. Returns the bytes sent, or STREAM_GONE, or
 * STREAM_WAIT. After STREAM_WAIT the record is made: the next call must begin with the same
 * tls_committed() bytes, which may have moved in memory.
 */
ssize_t tls_write(struct tls_session *session, const void *bytes, size_t len);

/* Returns the bytes of the record that was made and could not be sent yet; 0: there is none. */
size_t tls_committed(const struct tls_session *session);

/* Sends that no data will follow (close_notify). */
void tls_close_notify(struct tls_session *session);

/*
 * Returns the common name (CN) of the subject of the peer's certificate, as UTF-8 in storage. `at`
 * is NULL when there is no certificate, or it has no such name or several, or the name does not
 * fit.
 */
struct chat_span tls_peer_name(const struct tls_session *session, char *storage, size_t size);

#endif
