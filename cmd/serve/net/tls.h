#ifndef SERVE_NET_TLS_H
#define SERVE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The server's side of TLS 1.2 and newer (RFC 8446, RFC 5246). A struct tls holds the certificate
 * and the settings. A struct tls_session is the TLS of one connection, over a non-blocking socket
 * that the caller owns. Sessions of one struct tls may be used by several threads, each session by
 * one of them at a time; tls_open(), tls_reload() and tls_close() are for one thread.
 */
struct tls_files {
	const char *cert; /* PEM: the certificate, then its chain of intermediate certificates */
	const char *key; /* PEM, without a password; NULL: the key is in the file `cert` */
	const char *client_ca; /* PEM: CAs of client certificates; NULL: no certificate required */
};

struct tls;
struct tls_session;

/*
 * tls_context.c
 */

/*
 * Reads the files. *files must stay valid until tls_close(). Returns NULL with CHAT_CANNOT_OPEN and
 * a sentence that names the file, or with CHAT_INTERNAL. The caller must call tls_close().
 */
struct tls *tls_open(const struct tls_files *files, struct chat_err *err);

/* Frees a tls. All its sessions must be freed. Does nothing for NULL. */
void tls_close(struct tls *tls);

/*
 * Reads the files again, for later sessions, which cannot resume one of before. Returns 0, or -1
 * with an error of tls_open(): then nothing changes.
 */
int tls_reload(struct tls *tls, struct chat_err *err);

/* Returns true if the certificate is for this host name. */
bool tls_is_named(struct tls *tls, struct chat_span host);

/* Returns the number of failed handshakes. Those that only took too long are not counted. */
uint64_t tls_failures(const struct tls *tls);

/* Returns an estimate of the memory of all sessions, in bytes. */
size_t tls_memory(const struct tls *tls);

/*
 * tls_session.c
 */

/*
 * Returns a session for an accepted socket, or NULL. The caller owns fd. tls must outlive the
 * session. Nothing is sent or received before the first tls_read(). The memory for unsent bytes is
 * added to *held, which must outlive the session.
 */
struct tls_session *tls_accept(struct tls *tls, int fd, size_t *held);
void tls_session_free(struct tls_session *session); /* does nothing for NULL */

/*
 * Continues the handshake, then reads data. Reads about `share` bytes from the socket, in at most
 * 1 + share / 1024 records; more only if the records are smaller than those of the last call. size
 * must be at least TLS_RECORD_MAX. Returns the number of bytes of data, or STREAM_WAIT or
 * STREAM_GONE (stream_status.h). It keeps no complete record in memory: if there is more input, it
 * is in the socket, and poll(2) reports it. The answers of TLS itself may be unsent after it.
 *
 * If more than TLS_IDLE_RECORDS records without data arrive in about a minute (handshakes, key
 * updates, renegotiations, alerts, empty records), returns STREAM_GONE.
 */
#define TLS_RECORD_MAX 16384
#define TLS_IDLE_RECORDS 128
ssize_t tls_read(struct tls_session *session, void *bytes, size_t size, size_t share);

/* After STREAM_GONE: returns the reason, a static sentence; NULL: TLS is not the reason. */
const char *tls_fault(const struct tls_session *session);

/* Returns true if the handshake is done, so that data can be sent. Never becomes false again. */
bool tls_is_up(const struct tls_session *session);

/*
 * Encrypts bytes from the front of the pieces, up to four records of the greatest size, and sends
 * them. count must be at least 1. Returns the number of bytes encrypted, or STREAM_GONE or
 * STREAM_WAIT. The session keeps what the socket does not accept. While there is any, returns
 * STREAM_WAIT: call tls_flush() when the socket is writable; or see tls_waits_for_input().
 */
ssize_t tls_write(struct tls_session *session, const struct iovec *pieces, int count);

/*
 * Returns true if tls_write() has returned STREAM_WAIT in the middle of a message of TLS itself: it
 * can go on only when tls_read() has read the rest.
 */
bool tls_waits_for_input(const struct tls_session *session);

/* Returns the number of encrypted bytes that are kept; 0: all were sent. */
size_t tls_unsent(const struct tls_session *session);

/* From now on their memory is part of *held, which must outlive the session; NULL: of nothing. */
void tls_held_by(struct tls_session *session, size_t *held);

/* Sends kept bytes. Returns the number of bytes that the socket accepted, or STREAM_GONE. */
ssize_t tls_flush(struct tls_session *session);

/* Sends a close_notify: no data follows. Does nothing before the handshake is done. */
void tls_close_notify(struct tls_session *session);

/*
 * Returns the common name (CN) in the subject of the peer's certificate, as UTF-8 in storage. `at`
 * is NULL if there is no certificate, if it has no common name or several, or if the name is longer
 * than size.
 */
struct chat_span tls_peer_name(const struct tls_session *session, char *storage, size_t size);

#endif
