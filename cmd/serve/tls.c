/*
 * TLS under a connection. OpenSSL works on the socket itself, without a buffer of ours between: a
 * record is read whole or left to the kernel, and one that the kernel did not take is bound to be
 * sent as it is.
 */
#include "serve/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"
#include "serve/stream.h"

struct tls {
	const struct tls_files *files;
	SSL_CTX *context;
	uint64_t failures;
};

struct tls_session {
	SSL *ssl;
	struct tls *tls;
	uint16_t bound; /* bytes of the record that waits to be sent */
	bool failed; /* there will be no agreement */
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
	SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1);
	SSL_CTX_set_session_cache_mode(
		context, SSL_SESS_CACHE_OFF); /* clients keep their tickets */
	SSL_CTX_set_num_tickets(context, 1);
	if (context_load(context, files, err) == 0 &&
		context_ask(context, files->client_ca, err) == 0)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

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
	return tls;
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
	free(tls);
}

uint64_t
tls_failures(const struct tls *tls)
{
	return tls->failures;
}

/* ---- sessions ---- */

struct tls_session *
tls_accept(struct tls *tls, int fd)
{
	struct tls_session *session = chat_alloc_zeroed(1, sizeof(*session));

	session->tls = tls;
	session->ssl = SSL_new(tls->context);
	if (!session->ssl || SSL_set_fd(session->ssl, fd) != 1) {
		tls_session_free(session);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(session->ssl);
	return session;
}

void
tls_session_free(struct tls_session *session)
{
	if (!session)
		return;
	SSL_free(session->ssl);
	free(session);
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
	shutdown(SSL_get_fd(session->ssl), SHUT_WR);
	return session->failed ? STREAM_WAIT : STREAM_GONE;
}

static ssize_t
session_read_away(struct tls_session *session, void *bytes, size_t size)
{
	ssize_t count = recv(SSL_get_fd(session->ssl), bytes, size, 0);

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
	ERR_clear_error();
	return SSL_is_init_finished(session->ssl) ? STREAM_GONE : session_fail(session, error);
}

/*
 * Bytes came, and behind them the end, which is not in the socket any more: made so that poll(2)
 * tells of it again.
 */
static void
session_end_again(struct tls_session *session)
{
	shutdown(SSL_get_fd(session->ssl), SHUT_RD);
}

ssize_t
tls_read(struct tls_session *session, void *bytes, size_t size)
{
	size_t total = 0;

	if (session->failed)
		return session_read_away(session, bytes, size);
	while (size - total >= TLS_RECORD_MAX) {
		size_t got = 0;
		int result = SSL_read_ex(session->ssl, (char *)bytes + total, TLS_RECORD_MAX, &got);

		if (result != 1) {
			ssize_t status = session_status(session, result);

			if (total && status == STREAM_GONE)
				session_end_again(session);
			return total ? (ssize_t)total : status;
		}
		total += got;
	}
	return (ssize_t)total;
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
	if (result != 1) {
		session->bound = (uint16_t)len;
		return session_status(session, result);
	}
	session->bound = 0;
	return (ssize_t)sent;
}

size_t
tls_bound(const struct tls_session *session)
{
	return session->bound;
}

bool
tls_is_up(const struct tls_session *session)
{
	return SSL_is_init_finished(session->ssl);
}

bool
tls_wants_write(const struct tls_session *session)
{
	return SSL_want_write(session->ssl) && !session->bound && !session->failed;
}

void
tls_finish(struct tls_session *session)
{
	if (SSL_is_init_finished(session->ssl) &&
		!(SSL_get_shutdown(session->ssl) & SSL_SENT_SHUTDOWN)) /* again, it would read */
		SSL_shutdown(session->ssl);
	ERR_clear_error();
}
