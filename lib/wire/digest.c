/* SHA-1 and SHA-256, by OpenSSL. No other file of the library calls OpenSSL. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA1_Init() and what belongs to it */
#include "wire/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "text/buf.h"

static void *
crypto_alloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return chat_alloc(size);
}

static void *
crypto_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size)
		return chat_realloc(old, size);
	free(old);
	return NULL;
}

static void
crypto_free(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	free(old);
}

int
chat_digest_need_memory(void)
{
	return CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc, crypto_free) == 1 ? 0 : -1;
}

/*
 * Each handshake needs one, of a client its only one. EVP_Digest() would first read OpenSSL's
 * configuration and load its providers, which takes longer than the rest of a short command. It is
 * no matter of security (RFC 6455 section 10.8).
 */
void
chat_sha1(unsigned char digest[CHAT_SHA1_BYTES], struct chat_span bytes)
{
	SHA_CTX context;

	SHA1_Init(&context);
	SHA1_Update(&context, bytes.at, bytes.len);
	SHA1_Final(digest, &context);
}

void
chat_sha256(unsigned char digest[CHAT_SHA256_BYTES], struct chat_span bytes)
{
	if (EVP_Digest(bytes.at, bytes.len, digest, NULL, EVP_sha256(), NULL) != 1)
		chat_out_of_memory();
}

void
chat_hex(char *to, const unsigned char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = '\0';
}

bool
chat_digest_equal(const unsigned char *a, const unsigned char *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}
