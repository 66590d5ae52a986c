#ifndef SIMULATION_TLS_H
#define SIMULATION_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "simulation/identity.h"

/*
 * The client's side of TLS, over a simulated socket that the caller owns. Whether it offers TLS 1.3
 * and resumes a session is drawn. It belongs to the process that opens it.
 */
struct sim_tls;

/* The manner of an adversary. */
struct sim_tls_manner {
	unsigned spoils; /* in so many of 1000 sends a bit changes */
	int64_t silent_after; /* bytes: it pretends to send more; 0: it does not */
	struct identity identity;
};

/* Begins TLS with a server that must show a certificate of certificate.h. manner NULL: in a good
 * one, with the identity in the environment as SIMULATED_NAME. */
struct sim_tls *sim_tls_open(int fd, const struct sim_tls_manner *manner);

/* Continues the handshake. Returns 1 if it is done, or -1 with errno: EAGAIN, EPROTO if the server
 * does not speak TLS as it should, or that of the socket. */
int sim_tls_connect(struct sim_tls *tls);

/* As recv(2) and send(2) without waiting, also in the handshake. After EAGAIN, the next send must
 * begin with the same bytes at the same place. */
ssize_t sim_tls_receive(struct sim_tls *tls, void *bytes, size_t size);
ssize_t sim_tls_send(struct sim_tls *tls, const void *bytes, size_t len);

/* POLLIN or POLLOUT: what the last call waits for. */
short sim_tls_waits_for(const struct sim_tls *tls);

/* Sends so many key updates, and asks for as many; in TLS 1.2 one new handshake. */
void sim_tls_babble(struct sim_tls *tls, unsigned count);

/* Says goodbye if it can, and frees it. Does nothing for NULL. */
void sim_tls_close(struct sim_tls *tls);

/* Frees what all of a world share, after its processes. */
void tls_end(void);

#endif
