/* Makes a certificate for a client. All of them have the key of the authority. */
#include "simulation/identity.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "simulation/certificate.h"

static BIO *
bio_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!bio)
		abort();
	return bio;
}

static X509 *
read_certificate(const char *pem)
{
	BIO *bio = bio_of(pem);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return certificate;
}

static EVP_PKEY *
read_key(const char *pem)
{
	BIO *bio = bio_of(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void
add_name(X509_NAME *subject, const char *name)
{
	if (name)
		X509_NAME_add_entry_by_txt(
			subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
}

/* Returns a certificate that is valid as long as the authority's. */
static X509 *
issue(const struct identity *identity, const X509 *authority, EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 2);
	X509_set_issuer_name(certificate, X509_get_subject_name(authority));
	X509_set1_notBefore(certificate, X509_get0_notBefore(authority));
	X509_set1_notAfter(certificate, X509_get0_notAfter(authority));
	add_name(subject, identity->name);
	add_name(subject, identity->other);
	if (X509_set_pubkey(certificate, key) != 1 || X509_sign(certificate, key, NULL) == 0)
		abort();
	return certificate;
}

void
identity_use(SSL *ssl, const struct identity *identity)
{
	X509 *authority, *certificate;
	EVP_PKEY *key;

	if (!identity->name)
		return;
	authority = read_certificate(certificate_client_ca_pem());
	key = read_key(certificate_client_ca_key());
	certificate = issue(identity, authority, key);
	if (SSL_use_certificate(ssl, certificate) != 1 || SSL_use_PrivateKey(ssl, key) != 1)
		abort();
	X509_free(certificate);
	X509_free(authority);
	EVP_PKEY_free(key);
}
