/*
 * The server's side of TLS: certificate, key, CAs of client certificates, and the settings of all
 * sessions. The files are read when the server starts, and again after SIGHUP.
 */
#include "serve/net/tls_private.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"

#ifdef __aarch64__
#include <asm/hwcap.h>
#endif

/* Ciphers by preference: where the processor has instructions for AES, and elsewhere. */
#define AES_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
#define CHACHA_1_3 "TLS_CHACHA20_POLY1305_SHA256"
#define AES_1_2 "ECDHE+AESGCM+AES128:ECDHE+AESGCM"
#define CHACHA_1_2 "ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384" /* finite-field groups need 100 times the CPU time */

/* Fills err with OpenSSL's error about this file. Returns -1. */
static int
fail_file(struct chat_err *err, const char *path)
{
	unsigned long error = ERR_peek_error(); /* the first error caused the later ones */
	const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
						     : ERR_reason_error_string(error);

	if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE)
		reason = "no certificate in PEM";
	chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, reason ? reason : "cannot be used");
	ERR_clear_error();
	return -1;
}

/*
 * OpenSSL calls this for the password of a key. Refuses such a key; without this function, OpenSSL
 * would ask for the password on the terminal.
 */
static int
on_password(char *buf, int size, int writing, void *asked)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

/* Returns true for the errors of a good key that does not fit the certificate. */
static bool
is_mismatch(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL) /* OpenSSL has one place for each kind of key */
		return reason == SSL_R_NO_CERTIFICATE_ASSIGNED;
	return reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH;
}

/* Fails because the private key cannot be used. `asked`: a password was asked for. Returns -1. */
static int
fail_key(struct chat_err *err, const struct tls_files *files, bool asked)
{
	const char *key = files->key ? files->key : files->cert;
	unsigned long error = ERR_peek_error();

	if (asked)
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: the key is locked by a password", key);
	else if (ERR_SYSTEM_ERROR(error))
		return fail_file(err, key);
	else if (is_mismatch(error))
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: the key is not that of %s", key, files->cert);
	else
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: no private key in PEM%s", key,
			files->key ? "" : ": say which file has it with --tls-key");
	ERR_clear_error();
	return -1;
}

static int
load_certificate(SSL_CTX *context, const struct tls_files *files, struct chat_err *err)
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
	return fail_key(err, files, asked);
}

/* Requires from each client a certificate of a CA in this file. Does nothing for NULL. */
static int
require_client_certificate(SSL_CTX *context, const char *client_ca, struct chat_err *err)
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

/* Returns false only if AES is known to be slow here. */
static bool
has_fast_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
	return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
	return true;
#endif
}

/*
 * The server selects the cipher: clients often prefer AES-256, which needs more CPU time for no
 * more security. But if a client prefers ChaCha20, AES is slow for it.
 */
static bool
select_ciphers(SSL_CTX *context)
{
	bool aes = has_fast_aes();

	SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	return SSL_CTX_set_ciphersuites(
		       context, aes ? AES_1_3 ":" CHACHA_1_3 : CHACHA_1_3 ":" AES_1_3) == 1 &&
		SSL_CTX_set_cipher_list(
			context, aes ? AES_1_2 ":" CHACHA_1_2 : CHACHA_1_2 ":" AES_1_2) == 1 &&
		SSL_CTX_set1_groups_list(context, GROUPS) == 1;
}

/* Lets clients resume with tickets; the server keeps no sessions. */
static void
set_resumption(SSL_CTX *context)
{
	static const unsigned char name[] = "chat-serve";

	SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 1);
	SSL_CTX_set_timeout(context, TLS_TICKET_MS / 1000);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context, tls_ticket_key);
}

/* Returns a new context with the files and the settings, or NULL with *err filled in. */
static SSL_CTX *
context_new(const struct tls_files *files, struct chat_err *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context) {
		chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* a key update ends SSL_read_ex(3) */
	set_resumption(context);
	if (!select_ciphers(context))
		chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
	else if (load_certificate(context, files, err) == 0 &&
		require_client_certificate(context, files->client_ca, err) == 0)
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
	uv_mutex_init(&tls->mutex);
	tls->wire = tls_wire_new();
	if (tls->wire && tls_tickets_reset(&tls->tickets, chat_now_ms()))
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
	uv_mutex_lock(&tls->mutex);
	if (!tls_tickets_reset(&tls->tickets, chat_now_ms())) {
		uv_mutex_unlock(&tls->mutex);
		SSL_CTX_free(context);
		return chat_fail(err, CHAT_INTERNAL, "TLS cannot be had");
	}
	SSL_CTX_free(tls->context);
	tls->context = context;
	uv_mutex_unlock(&tls->mutex);
	return 0;
}

void
tls_close(struct tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->wire);
	uv_mutex_destroy(&tls->mutex);
	free(tls);
}

bool
tls_is_named(struct tls *tls, struct chat_span host)
{
	bool named;

	if (!host.len || *host.at == '.') /* OpenSSL would match all subdomains */
		return false;
	uv_mutex_lock(&tls->mutex);
	named = X509_check_host(
			SSL_CTX_get0_certificate(tls->context), host.at, host.len, 0, NULL) == 1;
	uv_mutex_unlock(&tls->mutex);
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
