/*
 * TLS under a connection. OpenSSL works on the socket itself, without a buffer of ours between: a
 * record is read whole or left to the kernel, and one that the kernel did not take is bound to be
 * sent as it is. The wire between the two hands out no more than a connection's share of a turn:
 * what carries nothing (a key update, an empty record) is read on and on inside one call of
 * OpenSSL, and nothing else could end that call.
 */
#include "serve/net/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chat/buf.h"
#include "chat/http.h"
#include "command/diag.h"
#include "serve/net/stream.h"

#define RECORD_SHARE 1024 /* bytes of a turn's share that a record counts for */
#define READS_A_RECORD 2 /* its header, its body */
#define IDLE_WINDOW_MS 60000
#define AGREEING_BYTES 40960 /* of memory of a session that agrees, */
#define UP_BYTES 14336 /* of one that has agreed, */
#define RECORD_BYTES 17408 /* and of a buffer for a record */
#define SUITES_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384" /* the finite fields cost a hundred times as much */

struct tls {
	const struct tls_files *files;
	SSL_CTX *context;
	BIO_METHOD *wire;
	uint64_t failures;
	size_t bytes; /* of memory, all sessions together */
};

struct tls_session {
	SSL *ssl;
	struct tls *tls;
	int fd;
	uint32_t reads_left; /* of the socket, in this turn */
	size_t bytes_left; /* likewise; at 0 there is no further read */
	int64_t idle_ms; /* since when idle records are counted */
	int32_t idle; /* records received that carried no data, about */
	uint32_t bytes; /* of memory, see session_weigh */
	uint16_t bound; /* bytes of the record that waits to be sent */
	bool up; /* there was agreement; it stays so when an error ends it */
	bool failed; /* there will be no agreement */
	bool ended; /* the peer has sent its last byte */
	bool noisy; /* it was ended for its idle records */
	bool blocked; /* reading goes on when the socket takes bytes */
};

/* ---- certificates ---- */

/* Fails with OpenSSL's own reason, about this file. */
static int
fail_file(struct chat_err *err, const char *path)
{
	unsigned long error = ERR_peek_error(); /* the first is the cause of the others */
	const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
						     : ERR_reason_error_string(error);

	chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, reason ? reason : "cannot be used");
	ERR_clear_error();
	return -1;
}

/* A key with a password is an error, never a question on the terminal. */
static int
on_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int
context_load(SSL_CTX *context, const struct tls_files *files, struct chat_err *err)
{
	const char *key = files->key ? files->key : files->cert;
	bool asked = false;

	if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
		return fail_file(err, files->cert);
	SSL_CTX_set_default_passwd_cb(context, on_password);
	SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
		SSL_CTX_check_private_key(context) == 1)
		return 0;
	fail_file(err, key);
	return asked ? chat_fail(err, CHAT_CANNOT_OPEN, "%s: the key is locked by a password", key)
		     : -1;
}

/* Whoever connects has to show a certificate of this authority. */
static int
context_ask(SSL_CTX *context, const char *client_ca, struct chat_err *err)
{
	STACK_OF(X509_NAME) * names;

	if (!client_ca)
		return 0;
	names = SSL_load_client_CA_file(client_ca);
	if (!names || SSL_CTX_load_verify_file(context, client_ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return fail_file(err, client_ca);
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

/* A header was read or written: told of every record, whatever is in it. */
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

static SSL_CTX *
context_new(const struct tls_files *files, struct chat_err *err)
{
	static const unsigned char name[] = "chat-serve";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context) {
		chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* a key update ends the turn */
	SSL_CTX_set_msg_callback(context, on_record);
	SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1);
	SSL_CTX_set_session_cache_mode(
		context, SSL_SESS_CACHE_OFF); /* clients keep their tickets */
	SSL_CTX_set_num_tickets(context, 1);
	if (SSL_CTX_set_cipher_list(context, SUITES_1_2) != 1 ||
		SSL_CTX_set1_groups_list(context, GROUPS) != 1)
		chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
	else if (context_load(context, files, err) == 0 &&
		context_ask(context, files->client_ca, err) == 0)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* ---- the wire: the socket, as OpenSSL sees it ---- */

static int
wire_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
	struct tls_session *session = BIO_get_data(bio);
	ssize_t count;

	BIO_clear_retry_flags(bio);
	if (session->reads_left == 0 || session->bytes_left == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	session->reads_left--;
	count = recv(session->fd, bytes, size, 0);
	if (count > 0) {
		*got = (size_t)count;
		session->bytes_left -= *got < session->bytes_left ? *got : session->bytes_left;
	} else if (count == 0) {
		session->ended = true;
	} else if (stream_status(errno) == STREAM_WAIT) {
		BIO_set_retry_read(bio);
	}
	return count > 0;
}

static int
wire_write(BIO *bio, const char *bytes, size_t len, size_t *sent)
{
	const struct tls_session *session = BIO_get_data(bio);
	ssize_t count = send(session->fd, bytes, len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (count >= 0)
		*sent = (size_t)count;
	else if (stream_status(errno) == STREAM_WAIT)
		BIO_set_retry_write(bio);
	return count >= 0;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_session *session = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return session->ended;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
wire_new(void)
{
	BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "chat");

	if (wire && BIO_meth_set_read_ex(wire, wire_read) == 1 &&
		BIO_meth_set_write_ex(wire, wire_write) == 1 &&
		BIO_meth_set_ctrl(wire, wire_control) == 1)
		return wire;
	BIO_meth_free(wire);
	return NULL;
}

/* ---- the server's side ---- */

struct tls *
tls_open(const struct tls_files *files, struct chat_err *err)
{
	SSL_CTX *context = context_new(files, err);
	struct tls *tls;

	if (!context)
		return NULL;
	tls = chat_alloc_zeroed(1, sizeof(*tls));
	tls->files = files;
	tls->context = context;
	tls->wire = wire_new();
	if (tls->wire)
		return tls;
	tls_close(tls);
	chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
	return NULL;
}

int
tls_reload(struct tls *tls, struct chat_err *err)
{
	SSL_CTX *context = context_new(tls->files, err);

	if (!context)
		return -1;
	SSL_CTX_free(tls->context);
	tls->context = context;
	return 0;
}

void
tls_close(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->wire);
	free(tls);
}

bool
tls_is_named(const struct tls *tls, struct chat_span host)
{
	X509 *certificate = SSL_CTX_get0_certificate(tls->context);
	bool named;

	if (!host.len || *host.at == '.') /* OpenSSL takes that for all names below */
		return false;
	named = X509_check_host(certificate, host.at, host.len, 0, NULL) == 1;
	ERR_clear_error();
	return named;
}

uint64_t
tls_failures(const struct tls *tls)
{
	return tls->failures;
}

size_t
tls_memory(const struct tls *tls)
{
	return tls->bytes;
}

/* ---- sessions ---- */

/*
 * What a session takes, as measured: OpenSSL 3.0 has a lot while there is no agreement, and a
 * buffer for a record that is partly received, or partly sent; the one of its goodbye stays.
 */
static void
session_weigh(struct tls_session *session)
{
	uint32_t bytes = session->up ? UP_BYTES : AGREEING_BYTES;
	bool said_goodbye = (SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN) != 0;

	bytes += SSL_has_pending(session->ssl) ? RECORD_BYTES : 0;
	bytes += session->bound || said_goodbye ? RECORD_BYTES : 0;
	session->tls->bytes += bytes;
	session->tls->bytes -= session->bytes;
	session->bytes = bytes;
}

struct tls_session *
tls_accept(struct tls *tls, int fd)
{
	struct tls_session *session = chat_alloc_zeroed(1, sizeof(*session));
	BIO *wire = BIO_new(tls->wire);

	session->tls = tls;
	session->fd = fd;
	session->idle_ms = chat_now_ms();
	session->ssl = SSL_new(tls->context);
	if (!session->ssl || !wire) {
		BIO_free(wire);
		tls_session_free(session);
		ERR_clear_error();
		return NULL;
	}
	BIO_set_data(wire, session);
	BIO_set_init(wire, 1);
	SSL_set_bio(session->ssl, wire, wire);
	SSL_set_msg_callback_arg(session->ssl, session);
	SSL_set_accept_state(session->ssl);
	session_weigh(session);
	return session;
}

void
tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	session->tls->bytes -= session->bytes;
	SSL_free(session->ssl);
	free(session);
}

/* Who speaks plain HTTP is told so in it, as far as that goes at once. */
static void
session_tell_plain(const struct tls_session *session)
{
	struct chat_buf answer = {0};

	chat_http_write_refusal(&answer, 400, NULL, "TLS is spoken here: wss:// in place of ws://");
	send(session->fd, answer.at, answer.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	chat_buf_free(&answer);
}

/*
 * There is no agreement, and OpenSSL has said why. What the peer has sent already is read away
 * until it ends, or its time for the request head: closed with that unread, TCP would take the
 * reason back.
 */
static ssize_t
session_fail(struct tls_session *session, int error)
{
	session->tls->failures++;
	session->failed = error == SSL_ERROR_SSL;
	shutdown(session->fd, SHUT_WR);
	return session->failed ? STREAM_WAIT : STREAM_GONE;
}

static ssize_t
session_read_away(struct tls_session *session, void *bytes, size_t size)
{
	ssize_t count = recv(session->fd, bytes, size, 0);

	if (count < 0)
		return stream_status(errno);
	return count ? STREAM_WAIT : STREAM_GONE;
}

/* What a call of OpenSSL that moved nothing means. */
static ssize_t
session_status(struct tls_session *session, int result)
{
	int error = SSL_get_error(session->ssl, result);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return STREAM_WAIT;
	if (!session->up && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
		session_tell_plain(session);
	ERR_clear_error();
	return session->up ? STREAM_GONE : session_fail(session, error);
}

/*
 * Bytes came, and behind them the end, which is not in the socket any more: made so that poll(2)
 * tells of it again.
 */
static void
session_end_again(struct tls_session *session)
{
	shutdown(session->fd, SHUT_RD);
}

/* Whether there were too many records that carried nothing. */
static bool
session_is_noisy(struct tls_session *session)
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

/* Reads records until there is nothing, or the share of this turn is used up. */
static ssize_t
session_read(struct tls_session *session, char *bytes, size_t size, size_t share)
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
			ssize_t status = session_status(session, result);

			session->blocked = SSL_want_write(session->ssl);
			if (total && status == STREAM_GONE)
				session_end_again(session);
			return total ? (ssize_t)total : status;
		}
		session->idle--; /* this record had something in it */
		total += got;
	}
	return (ssize_t)total;
}

ssize_t
tls_read(struct tls_session *session, void *bytes, size_t size, size_t share)
{
	ssize_t result;

	if (session->failed)
		return session_read_away(session, bytes, share < size ? share : size);
	result = session_read(session, bytes, size, share);
	session->reads_left = 0; /* nobody else reads */
	session_weigh(session);
	if (result == STREAM_GONE || session->failed || !session_is_noisy(session))
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

ssize_t
tls_write(struct tls_session *session, const void *bytes, size_t len)
{
	size_t sent = 0;
	int result;

	if (session->bound)
		len = session->bound;
	else if (len > TLS_RECORD_MAX)
		len = TLS_RECORD_MAX;
	result = SSL_write_ex(session->ssl, bytes, len, &sent);
	session->bound = result == 1 ? 0 : (uint16_t)len;
	session_weigh(session);
	return result == 1 ? (ssize_t)sent : session_status(session, result);
}

size_t
tls_bound(const struct tls_session *session)
{
	return session->bound;
}

/* The one name of this kind; NULL: there is none, or there are several. */
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
tls_finish(struct tls_session *session)
{
	if (SSL_is_init_finished(session->ssl) &&
		!(SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN)) /* again, it would read */
		SSL_shutdown(session->ssl);
	ERR_clear_error();
	session_weigh(session);
}
