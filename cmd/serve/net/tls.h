#ifndef SERVE_NET_TLS_H
#define SERVE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * TLS of the server's side, 1.2 or newer (RFC 8446, RFC 5246). A struct tls is what the server
 * shows and asks for; a struct tls_session is one connection's, over a non-blocking socket that
 * stays its caller's.
 */
struct tls_files {
	const char *cert; /* PEM: the certificate and those that lead to its authority */
	const char *key; /* PEM, without a password; NULL: in the file of the certificate */
	const char *client_ca; /* PEM: who must have signed a client's certificate; NULL: none is
				  asked */
};

struct tls;
struct tls_session;

/* files is borrowed, for tls_reload. NULL with CHAT_CANNOT_OPEN, the sentence naming the file. */
struct tls *tls_open(const struct tls_files *files, struct chat_err *err);
void tls_close(struct tls *tls); /* sessions that go on keep what they need */

/* Reads the files again, for the sessions to come. -1 as tls_open: what was read before stays. */
int tls_reload(struct tls *tls, struct chat_err *err);

/* Whether the certificate is for this host name. */
bool tls_is_named(const struct tls *tls, struct chat_span host);

/* Sessions that ended because there was no agreement. */
uint64_t tls_failures(const struct tls *tls);

/* Bytes of memory of all its sessions, about: OpenSSL tells nobody. */
size_t tls_memory(const struct tls *tls);

/* A session for an accepted socket; tls outlives it. Nothing is exchanged before the first
 * tls_read. */
struct tls_session *tls_accept(struct tls *tls, int fd);
void tls_session_free(struct tls_session *session); /* NULL: nothing */

/*
 * Reads what is there, a share of it: about so many bytes of the wire, and a record for each
 * kilobyte of them. size is at least TLS_RECORD_MAX. No byte is held back: what is left is in the
 * socket, and poll(2) tells of it. The number of bytes, STREAM_WAIT or STREAM_GONE
 * (stream.h).
 *
 * Records that carry no data (handshakes, key updates, renegotiations, alerts, empty ones) have
 * their bound, too: a session with more than TLS_IDLE_RECORDS of them in a minute is gone.
 */
#define TLS_RECORD_MAX 16384
#define TLS_IDLE_RECORDS 128
ssize_t tls_read(struct tls_session *session, void *bytes, size_t size, size_t share);

/* Why it is gone, where TLS is the reason; NULL: it is not. */
const char *tls_fault(const struct tls_session *session);

/*
 * Sends the front of what is queued, one record at most. The number of bytes, or STREAM_GONE, or
 * STREAM_WAIT: then the record is made already, tls_bound() says of how many bytes, and the next
 * call must be about the same bytes again, wherever they lie by then.
 */
ssize_t tls_write(struct tls_session *session, const void *bytes, size_t len);
size_t tls_bound(const struct tls_session *session);

/* Whether there is agreement, so that bytes can be sent; once so, it stays so. */
bool tls_is_up(const struct tls_session *session);

/*
 * The common name (CN) of the subject of the peer's certificate, as UTF-8, in storage; at NULL:
 * there is no certificate, or it has no such name, several, or one that does not fit.
 */
struct chat_span tls_peer_name(const struct tls_session *session, char *storage, size_t size);

/* Whether tls_read waits for the socket to take bytes. */
bool tls_wants_write(const struct tls_session *session);

/* Says that nothing more will come (close_notify). */
void tls_finish(struct tls_session *session);

#endif
