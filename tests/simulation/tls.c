/* Clients of TLS by OpenSSL, without buffers between it and a simulated socket. */
#include "simulation/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/certificate.h"
#include "simulation/kernel.h"
#include "simulation/openssl.h"

#define RECORD_MOST 20000 /* bytes that OpenSSL sends at once */

struct sim_tls {
	SSL *ssl; /* owned by the process */
	int fd; /* borrowed */
	int error; /* errno of the socket */
	bool ended; /* the server has closed its side of TCP */
	bool failed;
	struct sim_tls_manner manner;
	char owner[64]; /* the identity as a word, for its sessions */
	int64_t sent;
};

/* Shared by the clients of a world. */
static struct {
	SSL_CTX *context;
	BIO_METHOD *wire;
	SSL_SESSION *session; /* the last one, to resume */
	char owner[64]; /* who had it */
} clients;

/* ---- the socket ---- */

static int
wire_read(BIO *bio, char *bytes, size_t size, size_t *got)
{
	struct sim_tls *tls = BIO_get_data(bio);
	ssize_t count = sim_recv(tls->fd, bytes, size, 0);

	BIO_clear_retry_flags(bio);
	if (count > 0)
		*got = (size_t)count;
	else if (count == 0)
		tls->ended = true;
	else if (errno == EAGAIN)
		BIO_set_retry_read(bio);
	else
		tls->error = errno;
	return count > 0;
}

/* Sends; for an adversary it may spoil the bytes, or not send them. */
static ssize_t
send_in_manner(struct sim_tls *tls, const char *bytes, size_t len)
{
	struct chance *chance = world_chance();
	char copy[RECORD_MOST];

	if (tls->manner.silent_after && tls->sent + (int64_t)len > tls->manner.silent_after)
		return (ssize_t)len;
	if (len > sizeof(copy) || !chance_hits(chance, tls->manner.spoils))
		return sim_send(tls->fd, bytes, len, 0);
	memcpy(copy, bytes, len);
	copy[chance_below(chance, len)] ^= (char)(1 << chance_below(chance, 8));
	return sim_send(tls->fd, copy, len, 0);
}

static int
wire_write(BIO *bio, const char *bytes, size_t len, size_t *sent)
{
	struct sim_tls *tls = BIO_get_data(bio);
	ssize_t count = len ? send_in_manner(tls, bytes, len) : 0;

	BIO_clear_retry_flags(bio);
	if (count >= 0)
		*sent = (size_t)count;
	else if (errno == EAGAIN)
		BIO_set_retry_write(bio);
	else
		tls->error = errno;
	tls->sent += count > 0 ? count : 0;
	return count >= 0;
}

static long
wire_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* ---- life ---- */

static void
trust(SSL_CTX *context, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	if (!certificate || X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) != 1)
		abort();
	X509_free(certificate);
	BIO_free(bio);
}

static void
begin_clients(void)
{
	clients.context = SSL_CTX_new(TLS_client_method());
	clients.wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "client");
	if (!clients.context || !clients.wire)
		abort();
	BIO_meth_set_read_ex(clients.wire, wire_read);
	BIO_meth_set_write_ex(clients.wire, wire_write);
	BIO_meth_set_ctrl(clients.wire, wire_control);
	SSL_CTX_set_mode(clients.context, SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_verify(clients.context, SSL_VERIFY_PEER, NULL);
	for (unsigned i = 0; i < CERTIFICATES; i++)
		trust(clients.context, certificate_pem(i));
}

void
tls_end(void)
{
	SSL_SESSION_free(clients.session);
	SSL_CTX_free(clients.context);
	BIO_meth_free(clients.wire);
	memset(&clients, 0, sizeof(clients));
}

/* Another process may have been interrupted with an error in OpenSSL's list, which is one for all.
 */
static void
begin_call(void)
{
	ERR_clear_error();
	task_undivided(true);
}

static void
begin_identity(struct sim_tls *tls, const struct sim_tls_manner *manner)
{
	struct identity *identity = &tls->manner.identity;

	if (manner)
		tls->manner = *manner;
	else
		identity->name = process_env("SIMULATED_NAME");
	identity_use(tls->ssl, identity);
	snprintf(tls->owner, sizeof(tls->owner), "%s %s", identity->name ? identity->name : "",
		identity->other ? identity->other : "");
}

struct sim_tls *
sim_tls_open(int fd, const struct sim_tls_manner *manner)
{
	struct sim_tls *tls = sim_calloc(1, sizeof(*tls));
	BIO *wire;

	if (!clients.context)
		begin_clients();
	tls->fd = fd;
	tls->ssl = sim_SSL_new(clients.context);
	wire = BIO_new(clients.wire);
	if (!tls->ssl || !wire || SSL_set1_host(tls->ssl, "localhost") != 1)
		abort();
	begin_identity(tls, manner);
	BIO_set_data(wire, tls);
	BIO_set_init(wire, 1);
	SSL_set_bio(tls->ssl, wire, wire);
	SSL_set_connect_state(tls->ssl);
	if (chance_below(openssl_chance(), 4) == 0)
		SSL_set_max_proto_version(tls->ssl, TLS1_2_VERSION);
	if (clients.session && strcmp(clients.owner, tls->owner) == 0 &&
		chance_below(openssl_chance(), 2))
		SSL_set_session(tls->ssl, clients.session);
	return tls;
}

/* Notes the session, which has a ticket by now if the server gives any. */
static void
keep_session(const struct sim_tls *tls)
{
	SSL_SESSION_free(clients.session);
	clients.session = SSL_get1_session(tls->ssl);
	memcpy(clients.owner, tls->owner, sizeof(clients.owner));
}

void
sim_tls_close(struct sim_tls *tls)
{
	if (!tls)
		return;
	begin_call();
	if (!tls->failed && SSL_is_init_finished(tls->ssl)) {
		keep_session(tls);
		SSL_shutdown(tls->ssl);
	}
	task_undivided(false);
	ERR_clear_error();
	sim_SSL_free(tls->ssl);
	sim_free(tls);
}

/* ---- calls ---- */

/* Ends a call of OpenSSL that transferred nothing. Returns 0 at the end of the stream, or -1 with
 * errno. */
static int
fail(struct sim_tls *tls, int result)
{
	int error = SSL_get_error(tls->ssl, result);

	if (error == SSL_ERROR_SSL)
		world_trace("TLS: %s", ERR_reason_error_string(ERR_peek_error()));
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return fail_with(EAGAIN);
	tls->failed = true;
	if (error == SSL_ERROR_SSL)
		return fail_with(EPROTO);
	if (error == SSL_ERROR_ZERO_RETURN || tls->ended)
		return 0;
	return fail_with(tls->error ? tls->error : ECONNRESET);
}

int
sim_tls_connect(struct sim_tls *tls)
{
	int result;

	begin_call();
	result = SSL_do_handshake(tls->ssl);
	task_undivided(false);
	if (result == 1 || fail(tls, result) < 0)
		return result == 1 ? 1 : -1;
	return fail_with(ECONNRESET);
}

ssize_t
sim_tls_receive(struct sim_tls *tls, void *bytes, size_t size)
{
	size_t got = 0;
	int result;

	begin_call();
	result = SSL_read_ex(tls->ssl, bytes, size, &got);
	task_undivided(false);
	return result == 1 ? (ssize_t)got : fail(tls, result);
}

ssize_t
sim_tls_send(struct sim_tls *tls, const void *bytes, size_t len)
{
	size_t sent = 0;
	int result;

	begin_call();
	result = SSL_write_ex(tls->ssl, bytes, len, &sent);
	task_undivided(false);
	if (result == 1 || fail(tls, result) < 0)
		return result == 1 ? (ssize_t)sent : -1;
	return fail_with(EPIPE);
}

short
sim_tls_waits_for(const struct sim_tls *tls)
{
	return SSL_want_write(tls->ssl) ? POLLOUT : POLLIN;
}

void
sim_tls_babble(struct sim_tls *tls, unsigned count)
{
	begin_call();
	if (SSL_version(tls->ssl) < TLS1_3_VERSION)
		SSL_renegotiate(tls->ssl);
	do {
		if (SSL_version(tls->ssl) >= TLS1_3_VERSION)
			SSL_key_update(tls->ssl, SSL_KEY_UPDATE_REQUESTED);
	} while (SSL_do_handshake(tls->ssl) == 1 && --count > 0);
	task_undivided(false);
	ERR_clear_error();
}
