#ifndef SERVE_SHARD_H
#define SERVE_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/config.h"
#include "serve/journal/journal.h"
#include "serve/monitor/turn_times.h"
#include "serve/net/address.h"
#include "serve/net/conn.h"
#include "serve/session/context.h"
#include "serve/util/clock.h"
#include "serve/util/error_log.h"
#include "serve/util/lending.h"

/*
 * A shard: a loop, with the channels that live on it and the connections of their members. Only the
 * thread of the loop uses it. A server has one shard, or several (--loops), which share nothing but
 * what struct shard_shared names. These functions are called in the order in which they are
 * declared; server.c and worker.c add the rest of a turn.
 */
struct shard {
	const struct config *config; /* borrowed */
	uv_loop_t loop;
	struct clock clock;
	struct conns conns;
	struct session_context sessions;
	struct channels channels;
	struct journal *journal; /* set by the owner of the shard, who closes it */
	struct turn_times turns;
	struct lending *lending; /* borrowed; NULL: no other loop shares the limits */
	uint64_t told_channels; /* channels.ever.channels when the others were told of them last */
	bool draining; /* the server is told to end: nothing more is read */
	bool settling; /* draining, and accepted messages wait for the journal */
};

/* The parts that all shards use. All pointers are borrowed. */
struct shard_shared {
	struct tls *tls; /* NULL: no TLS */
	struct addresses *addresses;
	struct error_log *error_log;
	struct lending *lending; /* NULL: there is one loop */
	struct rate_pool *rate_pool; /* NULL: there is one loop */
	size_t loops; /* how many there are */
	bool is_public; /* peers that are not on this machine can connect */
};

/*
 * Opens the loop and the set of connections. like: another shard, which is open, if this one is for
 * another thread; that thread calls conns_enter() first. Returns 0, or -1 with nothing open.
 */
int shard_open_loop(struct shard *shard, const struct config *config, const struct shard *like,
	struct chat_err *err);

/* Gives the sessions what they borrow and their options. number: of the loop, from 0. */
void shard_open_sessions(struct shard *shard, const struct shard_shared *shared, size_t number);

/* Opens the set of channels, without a journal. epoch: of this process (channel.h); the numbers of
 * messages differ from those of the other loops. */
void shard_open_channels(struct shard *shard, uint64_t epoch);

/* Sets the limit on messages that wait for the journal, which is open. publish: as in struct
 * backpressure. */
void shard_open_backpressure(struct shard *shard, void (*publish)(void *arg), void *arg);

/* Commits accepted messages to the journal, and publishes those that it has stored. */
void shard_publish(struct shard *shard);

/* The end of a tick, after everything is published: writes to each connection that has something
 * new, once, and frees the dead ones. */
void shard_flush(struct shard *shard);

/* Checks timeouts and other times; to be called every SHARD_SWEEP_MS. */
#define SHARD_SWEEP_MS 100
void shard_sweep(struct shard *shard);

/* The first step to the end: reads no peer any more. Peers still get the echoes of messages that
 * were accepted. */
void shard_drain(struct shard *shard);

/* The second step, when the journal has settled: tells every peer, and closes its connection. */
void shard_say_goodbye(struct shard *shard);

/* Aborts the connections that are left; conns_flush() frees them. */
void shard_abort(struct shard *shard);

/* Frees channels and sessions; the loop must be closed. */
void shard_free(struct shard *shard);

#endif
