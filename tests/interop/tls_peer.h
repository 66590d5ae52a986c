#ifndef INTEROP_TLS_PEER_H
#define INTEROP_TLS_PEER_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "text/buf.h"

/*
 * A client of TLS that does as it is told, right or wrong. OpenSSL works on memory, so that what
 * leaves can be gathered, cut and changed; in TLS 1.2 it can also make records of any type by
 * itself once there is agreement. What fails here is the test's own fault, and ends it.
 */
struct tls_peer {
	SSL *ssl;
	BIO *in, *out;
	unsigned char key[16], iv[12]; /* of its records; TLS 1.2 has the first 4 bytes of iv */
	unsigned char secret[32]; /* of its records in TLS 1.3, see tls_peer_log() */
	uint64_t sequence;
};

static inline void
tls_must(bool condition)
{
	if (!condition)
		abort();
}

/* A certificate and its key, in a file that goes away by itself; path gets what leads to it. */
static inline void
tls_make_certificate(char *path, size_t size)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int fd = memfd_create("certificate", 0);
	FILE *file = fdopen(fd, "w");

	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
		(const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	tls_must(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0);
	tls_must(PEM_write_X509(file, cert) == 1);
	tls_must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	tls_must(fflush(file) == 0);
	snprintf(path, size, "/proc/self/fd/%d", fd);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* Returns a context for clients of TLS1_2_VERSION or TLS1_3_VERSION. The caller owns it. */
static inline SSL_CTX *
tls_peer_context(int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	tls_must(SSL_CTX_set_min_proto_version(context, version) == 1);
	tls_must(SSL_CTX_set_max_proto_version(context, version) == 1);
	tls_must(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM+AES128") == 1);
	return context;
}

static inline void
tls_peer_open(struct tls_peer *peer, SSL_CTX *context)
{
	*peer = (struct tls_peer){
		.ssl = SSL_new(context), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
	tls_must(peer->ssl && peer->in && peer->out);
	SSL_set_bio(peer->ssl, peer->in, peer->out);
	SSL_set_connect_state(peer->ssl);
}

static inline void
tls_peer_close(struct tls_peer *peer)
{
	SSL_free(peer->ssl);
}

/* Takes bytes that came from the server. */
static inline void
tls_peer_hear(struct tls_peer *peer, const void *bytes, size_t len)
{
	tls_must(BIO_write(peer->in, bytes, (int)len) == (int)len);
}

/* Appends what is to go to the server. */
static inline void
tls_peer_take(struct tls_peer *peer, struct chat_buf *into)
{
	char *bytes;
	long len = BIO_get_mem_data(peer->out, &bytes);

	chat_buf_append(into, bytes, (size_t)len);
	tls_must(BIO_reset(peer->out) == 1);
}

/* Goes on with the handshake; whether it is done. */
static inline bool
tls_peer_shake(struct tls_peer *peer)
{
	return SSL_do_handshake(peer->ssl) == 1;
}

/* The keys of its own records are derived (RFC 5246, 6.3); the first of them was Finished. */
static inline void
tls_peer_keys(struct tls_peer *peer)
{
	unsigned char master[48], seed[13 + 64] = "key expansion", block[40];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, sizeof(master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};

	tls_must(SSL_SESSION_get_master_key(SSL_get_session(peer->ssl), master, sizeof(master)) ==
		sizeof(master));
	tls_must(SSL_get_server_random(peer->ssl, seed + 13, 32) == 32);
	tls_must(SSL_get_client_random(peer->ssl, seed + 45, 32) == 32);
	tls_must(EVP_KDF_derive(context, block, sizeof(block), params) == 1);
	memcpy(peer->key, block, sizeof(peer->key));
	memcpy(peer->iv, block + 32, 4);
	peer->sequence = 1;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

/* Appends a record of this type in TLS 1.2, with AES-128-GCM (RFC 5288). */
static inline void
tls_peer_forge(
	struct tls_peer *peer, struct chat_buf *into, uint8_t type, const void *bytes, uint16_t len)
{
	unsigned char known[13] = {[8] = type, 3, 3, (uint8_t)(len >> 8), (uint8_t)len};
	unsigned char nonce[12], header[13] = {type, 3, 3};
	char *sealed = chat_buf_reserve(into, sizeof(header) + len + 16U) + sizeof(header);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	size_t body = 8U + len + 16U;
	int got;

	for (int i = 0; i < 8; i++)
		known[i] = header[5 + i] = (uint8_t)(peer->sequence >> (56 - 8 * i));
	header[3] = (uint8_t)(body >> 8);
	header[4] = (uint8_t)body;
	memcpy(nonce, peer->iv, 4);
	memcpy(nonce + 4, header + 5, 8);
	memcpy(sealed - sizeof(header), header, sizeof(header));
	tls_must(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, peer->key, nonce) == 1);
	tls_must(EVP_EncryptUpdate(cipher, NULL, &got, known, sizeof(known)) == 1);
	tls_must(EVP_EncryptUpdate(cipher, (unsigned char *)sealed, &got, bytes, len) == 1);
	tls_must(EVP_EncryptFinal_ex(cipher, (unsigned char *)sealed + len, &got) == 1);
	tls_must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, sealed + len) == 1);
	EVP_CIPHER_CTX_free(cipher);
	into->len += 5 + body;
	peer->sequence++;
}

/* A callback for SSL_CTX_set_keylog_callback(3), when SSL_set_app_data() has named the peer. */
static inline void
tls_peer_log(const SSL *ssl, const char *line)
{
	struct tls_peer *peer = SSL_get_app_data(ssl);
	const char *hex = strrchr(line, ' ') + 1;

	if (strncmp(line, "CLIENT_TRAFFIC_SECRET_0 ", 24) != 0)
		return;
	for (size_t i = 0; i < sizeof(peer->secret); i++)
		tls_must(sscanf(hex + 2 * i, "%2hhx", &peer->secret[i]) == 1);
}

/* HKDF-Expand-Label(secret, label, "", len) of RFC 8446, 7.1, with SHA-256. */
static inline void
tls_peer_expand(const struct tls_peer *peer, const char *label, unsigned char *into, size_t len)
{
	unsigned char info[40];
	int size = snprintf((char *)info, sizeof(info), "%c%c%ctls13 %s%c", 0, (int)len,
		(int)strlen(label) + 6, label, 0);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)peer->secret, sizeof(peer->secret)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)size),
		OSSL_PARAM_construct_end(),
	};

	tls_must(EVP_KDF_derive(context, into, len, params) == 1);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

/* The keys of its own records in TLS 1.3, of which it has sent none. */
static inline void
tls_peer_keys_1_3(struct tls_peer *peer)
{
	tls_peer_expand(peer, "key", peer->key, sizeof(peer->key));
	tls_peer_expand(peer, "iv", peer->iv, sizeof(peer->iv));
	peer->sequence = 0;
}

/* Appends a record of this type in TLS 1.3, with AES-128-GCM. */
static inline void
tls_peer_forge_1_3(
	struct tls_peer *peer, struct chat_buf *into, uint8_t type, const void *bytes, uint16_t len)
{
	unsigned char nonce[12], header[5] = {SSL3_RT_APPLICATION_DATA, 3, 3, 0, 0};
	size_t body = len + 1U + 16U;
	char *at = chat_buf_reserve(into, sizeof(header) + body);
	char *sealed = at + sizeof(header);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int got, more;

	header[3] = (uint8_t)(body >> 8);
	header[4] = (uint8_t)body;
	memcpy(at, header, sizeof(header));
	memcpy(nonce, peer->iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= (uint8_t)(peer->sequence >> (56 - 8 * i));
	tls_must(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, peer->key, nonce) == 1);
	tls_must(EVP_EncryptUpdate(cipher, NULL, &got, header, sizeof(header)) == 1);
	tls_must(EVP_EncryptUpdate(cipher, (unsigned char *)sealed, &got, bytes, len) == 1);
	tls_must(EVP_EncryptUpdate(cipher, (unsigned char *)sealed + got, &more, &type, 1) == 1);
	tls_must(EVP_EncryptFinal_ex(cipher, (unsigned char *)sealed + got + more, &more) == 1);
	tls_must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, sealed + len + 1) == 1);
	EVP_CIPHER_CTX_free(cipher);
	into->len += sizeof(header) + body;
	peer->sequence++;
}

#endif
