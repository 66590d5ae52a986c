#ifndef SERVE_CLUSTER_COPY_H
#define SERVE_CLUSTER_COPY_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/cluster/batch.h"
#include "serve/cluster/shared_log.h"

/*
 * Compares what this server has of the stream with what the stream has now. nats-servers that are
 * killed or lose power all at once may lose entries that they have told, and give their numbers to
 * others. A server that has told its members of such an entry does not have the same messages as
 * the others, and must not go on. All functions return 0, or -1 with the reason.
 */
struct channel;
struct channels;
struct cluster;

/* Compares the numbers of the journal's messages with those of a stream that was just opened. */
int copy_check_stream(const struct channels *channels, const struct shared_log_state *state,
	struct chat_err *err);

/*
 * Compares a message of an entry with the one that has its number in the journal, as far as that is
 * in memory. The entry is cluster->last.
 */
int copy_check_message(const struct cluster *cluster, const struct channel *channel,
	const struct channel_post *post, uint64_t number, struct chat_err *err);

/* Fails if the journal has a message with this number, which in the stream is garbage or a
 * duplicate. Only the last one of the journal is looked at. */
int copy_check_none(const struct cluster *cluster, uint64_t number, struct chat_err *err);

/* Fails if the journal has more messages of this entry, which has `count`. */
int copy_check_count(const struct cluster *cluster, const struct shared_log_entry *entry,
	uint64_t count, struct chat_err *err);

/* Compares an entry with what the stream has now in its place. */
int copy_check_again(const struct shared_log_entry *told, const struct shared_log_entry *again,
	struct chat_err *err);

#endif
