/*
 * The TLS of one connection: handshake, reading, writing. OpenSSL reads and writes the socket
 * without a buffer of ours in between (tls_wire.c).
 */
#include "serve/net/tls_private.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "serve/net/stream_status.h"
#include "text/buf.h"
#include "text/clock.h"
#include "wire/http.h"

#define RECORD_SHARE 1024 /* one record is read for each RECORD_SHARE bytes of the share */
#define READS_A_RECORD 2 /* reads of the socket for a record: its header, its body */
#define IDLE_WINDOW_MS 60000
#define HANDSHAKE_BYTES 40960 /* the memory of a session during its handshake */
#define UP_BYTES 14336 /* the memory of a session after its handshake, without records */
#define RECORD_BYTES 17408 /* the memory of a buffer for one record */

/* ---- life ---- */

/*
 * OpenSSL calls this for each protocol message, and with SSL3_RT_HEADER for each record. Counts the
 * received records.
 */
static void
on_record(int written, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	struct tls_session *session = arg;

	(void)version;
	(void)bytes;
	(void)len;
	(void)ssl;
	if (!written && type == SSL3_RT_HEADER)
		session->idle++;
}

/*
 * Updates the estimated memory of a session. OpenSSL cannot report it; the numbers are measured
 * with OpenSSL 3.0. A session has a buffer for a partly received record, and a buffer for a partly
 * sent record, which also stays after a close_notify.
 */
static void
count_memory(struct tls_session *session)
{
	uint32_t bytes = session->up ? UP_BYTES : HANDSHAKE_BYTES;
	bool said_goodbye = (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) != 0;

	bytes += SSL_has_pending(session->ssl) ? RECORD_BYTES : 0;
	bytes += session->committed || said_goodbye ? RECORD_BYTES : 0;
	if (bytes != session->bytes)
		atomic_fetch_add(&session->tls->bytes, (size_t)bytes - session->bytes);
	session->bytes = bytes;
}

struct tls_session *
tls_accept(struct tls *tls, int fd)
{
	struct tls_session *session = chat_alloc_zeroed(1, sizeof(*session));
	BIO *wire;

	session->tls = tls;
	session->fd = fd;
	session->idle_ms = chat_now_ms();
	wire = tls_wire_open(session);
	session->ssl = SSL_new(tls->context);
	if (!session->ssl || !wire) {
		BIO_free(wire);
		tls_session_free(session);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_bio(session->ssl, wire, wire);
	SSL_set_msg_callback(session->ssl, on_record); /* counts records */
	SSL_set_msg_callback_arg(session->ssl, session);
	SSL_set_accept_state(session->ssl);
	count_memory(session);
	return session;
}

void
tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	atomic_fetch_sub(&session->tls->bytes, session->bytes);
	SSL_free(session->ssl);
	free(session);
}

/* ---- handshake ---- */

/* Answers plain HTTP with an HTTP refusal. If the socket is full, the answer is lost. */
static void
refuse_plain_http(const struct tls_session *session)
{
	struct chat_buf answer = {0};

	chat_http_write_refusal(&answer, 400, NULL, "TLS is spoken here: wss:// in place of ws://");
	send(session->fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	chat_buf_free(&answer);
}

/*
 * Called when the handshake has failed. Closes our side of TCP. After an error of TLS, OpenSSL has
 * sent an alert with the reason. Then returns STREAM_WAIT, and input is discarded until the peer
 * closes its side or the timeout of the request head: a socket that is closed with unread bytes
 * resets the connection, and the alert would be lost. Returns STREAM_GONE after other errors.
 */
static ssize_t
fail_handshake(struct tls_session *session, int error)
{
	session->tls->failures++;
	session->failed = error == SSL_ERROR_SSL;
	shutdown(session->fd, SHUT_WR);
	return session->failed ? STREAM_WAIT : STREAM_GONE;
}

static ssize_t
discard_input(struct tls_session *session, void *bytes, size_t size)
{
	ssize_t count = recv(session->fd, bytes, size, 0);

	if (count < 0)
		return stream_status(errno);
	return count ? STREAM_WAIT : STREAM_GONE;
}

/* Returns STREAM_WAIT or STREAM_GONE for a call of OpenSSL that transferred no data. */
static ssize_t
status_of(struct tls_session *session, int result)
{
	int error = SSL_get_error(session->ssl, result);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return STREAM_WAIT;
	if (!session->up && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
		refuse_plain_http(session);
	ERR_clear_error();
	return session->up ? STREAM_GONE : fail_handshake(session, error);
}

/* ---- reading ---- */

/* Returns true if there are too many records without data. Resets the count after a minute. */
static bool
exceeds_idle_records(struct tls_session *session)
{
	int64_t now;

	if (session->idle <= TLS_IDLE_RECORDS)
		return false;
	now = chat_now_ms();
	if (now - session->idle_ms <= IDLE_WINDOW_MS)
		return true;
	session->idle_ms = now;
	session->idle = 0;
	return false;
}

/* Reads records until there is none, the share is used up, or the buffer is full. */
static ssize_t
read_records(struct tls_session *session, char *bytes, size_t size, size_t share)
{
	size_t total = 0;

	session->reads_left = (uint32_t)(1 + share / RECORD_SHARE) * READS_A_RECORD;
	session->bytes_left = share;
	session->blocked = false;
	while (size - total >= TLS_RECORD_MAX) {
		size_t got = 0;
		int result = SSL_read_ex(session->ssl, bytes + total, TLS_RECORD_MAX, &got);

		session->up |= result == 1 || SSL_is_init_finished(session->ssl);
		if (result != 1) {
			ssize_t status = status_of(session, result);

			session->blocked = SSL_want_write(session->ssl);
			if (total && status == STREAM_GONE) /* poll(2) will report the end */
				shutdown(session->fd, SHUT_RD);
			return total ? (ssize_t)total : status;
		}
		session->idle--; /* this record carried data */
		total += got;
	}
	return (ssize_t)total;
}

ssize_t
tls_read(struct tls_session *session, void *bytes, size_t size, size_t share)
{
	ssize_t result;

	if (session->failed)
		return discard_input(session, bytes, share < size ? share : size);
	result = read_records(session, bytes, size, share);
	session->reads_left = 0; /* other calls of OpenSSL must not read */
	count_memory(session);
	if (result == STREAM_GONE || session->failed || !exceeds_idle_records(session))
		return result;
	session->noisy = true;
	if (!session->up)
		session->tls->failures++;
	return STREAM_GONE;
}

const char *
tls_fault(const struct tls_session *session)
{
	if (session->noisy)
		return "it sends TLS records that carry nothing";
	return session->up ? NULL : "no TLS is agreed on";
}

/* ---- writing ---- */

ssize_t
tls_write(struct tls_session *session, const void *bytes, size_t len)
{
	size_t sent = 0;
	int result;

	if (session->committed)
		len = session->committed;
	else if (len > TLS_RECORD_MAX)
		len = TLS_RECORD_MAX;
	result = SSL_write_ex(session->ssl, bytes, len, &sent);
	session->committed = result == 1 ? 0 : (uint16_t)len;
	count_memory(session);
	return result == 1 ? (ssize_t)sent : status_of(session, result);
}

size_t
tls_committed(const struct tls_session *session)
{
	return session->committed;
}

bool
tls_is_up(const struct tls_session *session)
{
	return session->up;
}

bool
tls_wants_write(const struct tls_session *session)
{
	return session->blocked && !session->failed;
}

void
tls_close_notify(struct tls_session *session)
{
	if (SSL_is_init_finished(session->ssl) &&
		!(SSL_get_shutdown(session->ssl) &
			SSL_SENT_SHUTDOWN)) /* a second SSL_shutdown(3) would read */
		SSL_shutdown(session->ssl);
	ERR_clear_error();
	count_memory(session);
}

/* ---- the peer's certificate ---- */

/* Returns the only name of this kind in the subject. Returns NULL if it has none or several. */
static const ASN1_STRING *
only_name(const X509_NAME *subject, int kind)
{
	int at = X509_NAME_get_index_by_NID(subject, kind, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, kind, at) >= 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

struct chat_span
tls_peer_name(const struct tls_session *session, char *storage, size_t size)
{
	const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
	const ASN1_STRING *name =
		certificate ? only_name(X509_get_subject_name(certificate), NID_commonName) : NULL;
	struct chat_span found = {0};
	unsigned char *text = NULL;
	int len = name ? ASN1_STRING_to_UTF8(&text, name) : -1;

	if (len >= 0 && (size_t)len <= size) {
		memcpy(storage, text, (size_t)len);
		found = (struct chat_span){storage, (size_t)len};
	}
	OPENSSL_free(text);
	ERR_clear_error();
	return found;
}
