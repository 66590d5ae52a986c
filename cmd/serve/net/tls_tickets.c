/*
 * The keys of session tickets (RFC 8446 section 4.6.1, RFC 5077). A ticket holds the state of a
 * session, encrypted for the server alone: the client keeps it, and resumes with it, without the
 * server's signature. A key encrypts for TLS_TICKET_MS, and decrypts for at most as long again; it
 * is in the memory of this process only. SSL_CTX_set_tlsext_ticket_key_evp_cb(3) says what
 * OpenSSL asks for.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "serve/net/tls_private.h"
#include "text/clock.h"

static bool
key_make(struct tls_ticket_key *key)
{
	return RAND_priv_bytes((unsigned char *)key, sizeof(*key)) == 1;
}

bool
tls_tickets_reset(struct tls_tickets *tickets, int64_t now_ms)
{
	tickets->made_ms = now_ms;
	return key_make(&tickets->now) && key_make(&tickets->before);
}

/* Replaces the keys that are too old. */
static bool
rotate(struct tls_tickets *tickets, int64_t now_ms)
{
	int64_t age_ms = now_ms - tickets->made_ms;

	if (age_ms < TLS_TICKET_MS)
		return true;
	if (age_ms >= 2 * TLS_TICKET_MS)
		return tls_tickets_reset(tickets, now_ms);
	tickets->before = tickets->now;
	tickets->made_ms += TLS_TICKET_MS;
	return key_make(&tickets->now);
}

static bool
key_use(const struct tls_ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int issue)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_MAC_PARAM_KEY, (void *)key->mac, sizeof(key->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 &&
		EVP_CipherInit_ex(cipher, EVP_aes_128_cbc(), NULL, key->cipher, iv, issue) == 1;
}

/*
 * Encrypts a ticket. After a reload, the session of a context of before gets one that nobody can
 * read: the CAs that its client was checked with may be others now.
 */
static int
issue_ticket(const struct tls_tickets *tickets, bool stale, unsigned char name[TLS_TICKET_NAME],
	unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct tls_ticket_key key = tickets->now;
	bool good = (!stale || key_make(&key)) && RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 &&
		key_use(&key, iv, cipher, mac, 1);

	memcpy(name, key.name, sizeof(key.name));
	OPENSSL_cleanse(&key, sizeof(key));
	return good ? 1 : -1;
}

/* Finds the key of a ticket. Returns 0 if there is none: then the client gets a new session. */
static int
read_ticket(const struct tls_tickets *tickets, const unsigned char name[TLS_TICKET_NAME],
	unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	if (memcmp(name, tickets->now.name, TLS_TICKET_NAME) == 0)
		return key_use(&tickets->now, iv, cipher, mac, 0) ? 1 : -1;
	if (memcmp(name, tickets->before.name, TLS_TICKET_NAME) == 0)
		return key_use(&tickets->before, iv, cipher, mac, 0) ? 2
								     : -1; /* 2: and a new ticket */
	return 0;
}

int
tls_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int issue)
{
	const struct tls_session *session = SSL_get_app_data(ssl);
	struct tls *tls = session->tls;
	bool stale;
	int result = -1;

	uv_mutex_lock(&tls->mutex);
	stale = SSL_get_SSL_CTX(ssl) != tls->context;
	if (rotate(&tls->tickets, chat_now_ms())) {
		if (issue)
			result = issue_ticket(&tls->tickets, stale, name, iv, cipher, mac);
		else
			result = stale ? 0 : read_ticket(&tls->tickets, name, iv, cipher, mac);
	}
	uv_mutex_unlock(&tls->mutex);
	return result;
}
