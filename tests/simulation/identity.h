#ifndef SIMULATION_IDENTITY_H
#define SIMULATION_IDENTITY_H

#include <openssl/ssl.h>

/* Certificates of clients, signed by the authority of certificate.h. */

/* The identity of a client: its certificate has these common names. It has no certificate if the
 * first is NULL, and one name if the second is. */
struct identity {
	const char *name, *other;
};

/* The client shows its certificate to a server that asks. */
void identity_use(SSL *ssl, const struct identity *identity);

#endif
