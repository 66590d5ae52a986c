#ifndef BENCH_LOAD_PEER_H
#define BENCH_LOAD_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load.h"
#include "load_wire.h"
#include "text/buf.h"
#include "wire/http.h"

/*
 * One connection that joins a channel (connect, upgrade, init, userData, history) and leaves it.
 * Each message on the way must be valid to the library.
 */
enum peer_state {
	PEER_CONNECTING,
	PEER_UPGRADING,
	PEER_JOINING,
	PEER_READY, /* userData and history came */
	PEER_LEAVING, /* its Close was sent */
	PEER_GONE /* the server's came; the socket is closed */
};

struct peer {
	struct wire wire;
	enum peer_state state;
	uint32_t number; /* makes its id, its name and its source address */
	bool has_users;
	char key[CHAT_HTTP_KEY_LEN + 1];
	struct chat_buf in; /* until it is ready, and while it leaves */
};

/* All of a measurement. */
struct peers {
	const struct load *load;
	struct wires *wires; /* NULL: plain */
	int epoll; /* edge-triggered, for both directions; data.u32 is the index in `at` */
	struct peer *at;
	size_t count;
	size_t ready; /* those opened by peers_open */
	bool hidden; /* presence */
	uint32_t per_channel; /* 0: all in the URL's channel */
};

/* Descriptors that a process needs besides its connections. */
#define PEERS_SPARE_DESCRIPTORS 32

void peers_init(struct peers *peers, const struct load *load, size_t count);
void peers_free(struct peers *peers); /* closes what is open */

/* Begins to connect the peer in this slot. */
void peer_start(struct peers *peers, size_t slot, uint32_t number);

/* Goes on after an event. Of a peer that is ready it throws away what comes. */
void peer_progress(struct peers *peers, struct peer *peer);

/* Sends a Close. */
void peer_leave(struct peer *peer);

/* Opens slots up to `count`, numbered likewise; returns when all are ready. */
void peers_open(struct peers *peers, size_t count);

/* Reads and throws away until nothing has come for so long. */
void peers_settle(struct peers *peers, int quiet_ms);

#endif
