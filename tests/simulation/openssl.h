#ifndef SIMULATION_OPENSSL_H
#define SIMULATION_OPENSSL_H

#include <openssl/ssl.h>

#include "simulation/chance.h"

/* From now on OpenSSL draws from the chance of the world that has begun. */
void openssl_begin(void);

/* The chance that OpenSSL draws from: its version does not change what others draw. */
struct chance *openssl_chance(void);

/* In place of OpenSSL's in the programs, as those of calls.h. */
SSL_CTX *sim_SSL_CTX_new(const SSL_METHOD *method);
SSL *sim_SSL_new(SSL_CTX *context);
BIO_METHOD *sim_BIO_meth_new(int type, const char *name);
void sim_SSL_CTX_free(SSL_CTX *context);
void sim_SSL_free(SSL *ssl);
void sim_BIO_meth_free(BIO_METHOD *method);
int sim_SSL_read_ex(SSL *ssl, void *bytes, size_t size, size_t *got);
int sim_SSL_write_ex(SSL *ssl, const void *bytes, size_t len, size_t *sent);
int sim_SSL_shutdown(SSL *ssl);
int sim_SSL_CTX_use_certificate_chain_file(SSL_CTX *context, const char *path);
int sim_SSL_CTX_load_verify_file(SSL_CTX *context, const char *path);
STACK_OF(X509_NAME) * sim_SSL_load_client_CA_file(const char *path);
int sim_SSL_CTX_use_PrivateKey_file(SSL_CTX *context, const char *path, int type);

#endif
