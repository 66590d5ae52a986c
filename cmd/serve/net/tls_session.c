/*
 * The TLS of one connection: handshake, reading, writing. OpenSSL reads the socket through
 * tls_wire.c, and writes to tls_output.c.
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
	if (written || type != SSL3_RT_HEADER)
		return;
	session->idle++;
	if (session->input) {
		session->input->records++;
		session->input->records_left--;
	}
}

/*
 * Updates the estimated memory of a session. OpenSSL cannot report it; the numbers are measured
 * with OpenSSL 3.0. A session has a buffer for a partly received record, and a buffer for a sent
 * record, which stays after a close_notify. What is unsent is counted in *held.
 */
static void
count_memory(struct tls_session *session)
{
	uint32_t bytes = session->up ? UP_BYTES : HANDSHAKE_BYTES;
	bool said_goodbye = (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) != 0;

	bytes += SSL_has_pending(session->ssl) ? RECORD_BYTES : 0;
	bytes += said_goodbye ? RECORD_BYTES : 0;
	if (bytes != session->bytes)
		atomic_fetch_add(&session->tls->bytes, (size_t)bytes - session->bytes);
	session->bytes = bytes;
}

struct tls_session *
tls_accept(struct tls *tls, int fd, size_t *held)
{
	struct tls_session *session = chat_alloc_zeroed(1, sizeof(*session));
	BIO *wire;

	session->tls = tls;
	session->held = held;
	session->record_bytes = TLS_SMALLEST_RECORD;
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
	SSL_set_app_data(session->ssl, session); /* for tls_ticket_key() */
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
	tls_output_free(session);
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

/* Returns true if OpenSSL has all that was read, and this tls_read() may read no more. */
static bool
input_is_used_up(const struct tls_input *input)
{
	return input->at == input->len &&
		(input->dry || input->records_left <= 0 || !input->bytes_left);
}

/*
 * Returns true if another record may be read: the socket may have it, or it was read ahead. status
 * is that of the last one; 0: it had data.
 */
static bool
may_go_on(const struct tls_session *session, ssize_t status)
{
	const struct tls_input *input = session->input;

	if (status == STREAM_WAIT) /* nothing is left to read, or the record had no data */
		return input->at < input->len && !session->failed;
	return status == 0 && !input_is_used_up(input);
}

/*
 * Reads records until there is none, the share is used up, or the buffer is full. Sets *status to
 * that of the end. Returns the number of bytes.
 */
static size_t
read_records(struct tls_session *session, char *bytes, size_t size, ssize_t *status)
{
	size_t total = 0;

	do {
		size_t got = 0;
		int result;

		session->input->room = size - total - TLS_RECORD_MAX;
		result = SSL_read_ex(session->ssl, bytes + total, TLS_RECORD_MAX, &got);
		session->up |= result == 1 || SSL_is_init_finished(session->ssl);
		*status = result == 1 ? 0 : status_of(session, result);
		session->idle -= result == 1; /* this record carried data */
		total += got;
	} while (size - total >= TLS_RECORD_MAX && may_go_on(session, *status));
	return total;
}

/* Keeps the mean size of the records that this tls_read() has read. */
static void
note_record_size(struct tls_session *session, const struct tls_input *input)
{
	size_t mean = input->records > 0 ? input->got / (size_t)input->records : 0;

	if (mean > TLS_RECORD_MAX)
		mean = TLS_RECORD_MAX;
	if (mean >= TLS_SMALLEST_RECORD)
		session->record_bytes = (uint16_t)mean;
}

static ssize_t
read_share(struct tls_session *session, char *bytes, size_t size, size_t share)
{
	struct tls_input input;
	bool was_up = session->up;
	ssize_t status;
	size_t total;

	input.at = input.len = input.got = 0; /* not the bytes: it is large */
	input.records = 0;
	input.dry = false;
	input.bytes_left = share;
	input.records_left = (int32_t)(1 + share / RECORD_SHARE);
	session->waits_for_input = false;
	session->input = &input;
	total = read_records(session, bytes, size, &status);
	session->input = NULL; /* other calls of OpenSSL must not read */
	if (was_up)
		note_record_size(session, &input);
	if (total && status == STREAM_GONE) /* poll(2) will report the end */
		shutdown(session->fd, SHUT_RD);
	return total ? (ssize_t)total : status;
}

ssize_t
tls_read(struct tls_session *session, void *bytes, size_t size, size_t share)
{
	ssize_t result;

	if (session->failed)
		return discard_input(session, bytes, share < size ? share : size);
	result = read_share(session, bytes, size, share);
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

/* The bytes of the pieces that are not encrypted yet. */
struct reader {
	const struct iovec *pieces;
	int count;
	size_t at; /* the bytes of the first piece that are encrypted */
};

/* Skips `len` bytes, which are in the first piece. */
static void
reader_skip(struct reader *reader, size_t len)
{
	reader->at += len;
	if (reader->at < reader->pieces->iov_len)
		return;
	reader->at = 0;
	reader->pieces++;
	reader->count--;
}

/*
 * Takes the data of the next record, as much as there is up to TLS_RECORD_MAX. If one piece does
 * not have it all, it is copied together in `storage`.
 */
static struct chat_span
reader_take(struct reader *reader, char storage[TLS_RECORD_MAX])
{
	struct chat_span first = {(char *)reader->pieces->iov_base + reader->at,
		reader->pieces->iov_len - reader->at};
	size_t len = 0;

	if (first.len >= TLS_RECORD_MAX || reader->count == 1) {
		first.len = first.len < TLS_RECORD_MAX ? first.len : TLS_RECORD_MAX;
		reader_skip(reader, first.len);
		return first;
	}
	while (reader->count > 0 && len < TLS_RECORD_MAX) {
		size_t part = reader->pieces->iov_len - reader->at;

		part = part < TLS_RECORD_MAX - len ? part : TLS_RECORD_MAX - len;
		memcpy(storage + len, (char *)reader->pieces->iov_base + reader->at, part);
		len += part;
		reader_skip(reader, part);
	}
	return (struct chat_span){storage, len};
}

/* Encrypts a record. Returns the number of bytes of data, or a status. */
static ssize_t
encrypt(struct tls_session *session, struct chat_span data)
{
	size_t taken = 0;
	int result = SSL_write_ex(session->ssl, data.at, data.len, &taken);
	ssize_t status = result == 1 ? (ssize_t)taken : status_of(session, result);

	session->waits_for_input = status == STREAM_WAIT;
	return status;
}

/*
 * Encrypts records until there are TLS_OUTPUT_RECORDS, or no more pieces. They are sent together.
 * Returns as tls_write(). It is not inlined, so that a short tls_write() needs no large stack.
 */
static __attribute__((noinline)) ssize_t
write_records(struct tls_session *session, struct reader *reader)
{
	char storage[TLS_RECORD_MAX];
	struct tls_output output;
	ssize_t status = 0, total = 0;

	output.len = 0;
	session->output = &output;
	for (int i = 0; i < TLS_OUTPUT_RECORDS && reader->count > 0 && status >= 0; i++) {
		status = encrypt(session, reader_take(reader, storage));
		total += status > 0 ? status : 0;
	}
	if (tls_output_send(session) < 0)
		status = STREAM_GONE;
	session->output = NULL;
	return status == STREAM_GONE || !total ? status : total;
}

ssize_t
tls_write(struct tls_session *session, const struct iovec *pieces, int count)
{
	struct reader reader = {.pieces = pieces, .count = count};
	ssize_t result;

	if (tls_unsent(session))
		return STREAM_WAIT;
	if (count == 1 && pieces->iov_len <= TLS_RECORD_MAX)
		result = encrypt(session, (struct chat_span){pieces->iov_base, pieces->iov_len});
	else
		result = write_records(session, &reader);
	count_memory(session);
	return result;
}

bool
tls_waits_for_input(const struct tls_session *session)
{
	return session->waits_for_input;
}

bool
tls_is_up(const struct tls_session *session)
{
	return session->up;
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
