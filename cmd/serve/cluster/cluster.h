#ifndef SERVE_CLUSTER_CLUSTER_H
#define SERVE_CLUSTER_CLUSTER_H

#include "serve/cluster/halt.h"
#include "serve/cluster/state.h"

/*
 * Several servers, one chat. Every server proposes what its members post, in batches, to one stream
 * (shared_log.h), and applies every entry of the stream in its order. So all servers have the same
 * messages with the same ids, whoever has posted them. Each keeps its own copy of them: in memory,
 * and with --journal on its disk, from which it goes on after a restart.
 *
 * What is applied depends on the stream alone: the id is the place of the message in the stream,
 * the timestamp is the time of the entry, and a nonce is a duplicate if the window (window.h) has
 * it.
 *
 * A message that no server can store within CLUSTER_PATIENCE_MS is refused with `unavailable`. It
 * may be stored nevertheless; if its sender posts it again with the same nonce, there is one
 * message.
 */

/*
 * Begins to connect. The channels must have their journal and what was restored from it; from now
 * on they propose to the cluster. Everything is borrowed. Returns 0, or -1 with the error of
 * shared_log_open().
 */
int cluster_open(struct cluster *cluster, const struct shared_log_options *options, uv_loop_t *loop,
	struct channels *channels, struct error_log *error_log, const struct cluster_events *events,
	void *arg, struct chat_err *err);

/* Publishes what was proposed, and settles what is stored. Called at the end of each turn. */
void cluster_turn(struct cluster *cluster);

/* Returns true if every proposal has its place, or was refused. */
bool cluster_is_settled(const struct cluster *cluster);

/* Called by the sweep. */
void cluster_sweep(struct cluster *cluster);

/*
 * Returns a sentence that says why messages are not stored now; NULL if they are, or if there is no
 * cluster.
 */
const char *cluster_trouble(const struct cluster *cluster);

/* Returns how long the oldest proposal has waited, in milliseconds; 0: there is none. */
int64_t cluster_wait_ms(const struct cluster *cluster);

/* Returns the memory of the cluster in bytes, without proposals. */
size_t cluster_memory(const struct cluster *cluster);

/* Closes the handles on the loop. Proposals that are not answered are forgotten. */
void cluster_close(struct cluster *cluster);

/* Frees everything, after the loop is closed. */
void cluster_free(struct cluster *cluster);

#endif
