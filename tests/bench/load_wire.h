#ifndef BENCH_LOAD_WIRE_H
#define BENCH_LOAD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The bytes of a connection of the load generator, plain or in TLS: send(2) and recv(2) of a
 * non-blocking socket, with their results and errno. A read that returns less than it was asked
 * for has left nothing behind.
 */
struct wires; /* what all connections in TLS share */

struct wires *wires_open(void); /* believes every certificate: it is the server that is measured */
void wires_close(struct wires *wires);

struct wire {
	int fd; /* owned; -1: closed */
	struct ssl_st *ssl; /* NULL: plain */
};

/* Takes over a socket that is being connected, in TLS unless wires is NULL. */
void wire_open(struct wire *wire, int fd, struct wires *wires);
void wire_close(struct wire *wire);

/* After each event until it is true: the connection is there, and agreed on. */
bool wire_is_up(struct wire *wire);

ssize_t wire_send(struct wire *wire, const void *bytes, size_t len);
ssize_t wire_recv(struct wire *wire, void *bytes, size_t size);

/* Reads all that is there and throws it away. */
ssize_t wire_skip(struct wire *wire);

#endif
