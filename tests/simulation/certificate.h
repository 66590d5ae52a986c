#ifndef SIMULATION_CERTIFICATE_H
#define SIMULATION_CERTIFICATE_H

/* Certificates of the simulated server, and their files on its disk. */

#define CERTIFICATES 2
#define CERTIFICATE_FILE "/certificate.pem" /* followed by the key */
#define KEY_FILE "/key.pem" /* the key alone */
#define CLIENT_CA_FILE "/clients.pem"

/* The files are good, or have one of these faults. */
enum certificate_state {
	CERTIFICATE_GOOD,
	CERTIFICATE_CUT,
	CERTIFICATE_KEY_CUT,
	CERTIFICATE_MISMATCHES, /* the key is that of another certificate */
	CERTIFICATE_LOCKED, /* the key has a password */
	CERTIFICATE_MISSING,
	CERTIFICATE_CA_CUT, /* the certificate of the clients' authority */
	CERTIFICATE_STATES
};

/* The text of a certificate, which is below CERTIFICATES. */
const char *certificate_pem(unsigned number);

/* The authority that signs the certificates of clients. */
const char *certificate_client_ca_pem(void);
const char *certificate_client_ca_key(void);

/* Writes the files. */
void certificate_write(unsigned number, enum certificate_state state);

#endif
