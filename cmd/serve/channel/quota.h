#ifndef SERVE_CHANNEL_QUOTA_H
#define SERVE_CHANNEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/util/fair_share.h"

/*
 * Counts the channels of each address, and limits them. A channel is in use, or idle: nobody uses
 * it, and only its history is kept. It belongs to the address that made it, or that took it into
 * use when it was idle. The limit of an address becomes lower when fewer channels are left, so no
 * address can use all channels. If a channel must be freed for a new one, one of the addresses with
 * the most idle channels loses the channel that was idle for longest.
 */
struct quota_owner;

/* An address that asks for a channel. */
struct claimant {
	uint64_t key; /* a hash of the address; 0: no address, so there is no limit of channels */
	size_t weight; /* it may use up to `weight` times as many channels as are not in use */
	bool is_log; /* the log, which has placed a message there: the limits do not hold */
};

/* The quota's part of a channel. Zeroed memory is a channel that is neither in use nor idle. */
struct slot {
	struct slot *next, *prev; /* in owner->oldest; valid if idle is true */
	struct quota_owner *owner; /* NULL: the channel is neither in use nor idle */
	bool idle;
};

/* Zeroed memory is a valid empty set. */
struct quotas {
	struct quota_owner *by_key; /* uthash */
	struct shares idle; /* the number of idle channels of each owner */
	size_t in_use; /* the number of channels in use, of all owners */
	size_t loops; /* that have quotas and share one limit; 0 or 1: no other */
};

/*
 * Returns true if the claimant may take one more channel into use. most: the limit of all channels.
 * If there are several loops, a claimant counts as if it had as many channels on each of them.
 */
bool quotas_admit(const struct quotas *quotas, const struct claimant *claimant, size_t most);

/* Sets a channel in use by this claimant. It may have been idle, in use, or neither. */
void quotas_set_in_use(struct quotas *quotas, struct slot *slot, const struct claimant *claimant);

/* Makes a channel that is in use idle. Does nothing if it is idle already. */
void quotas_set_idle(struct quotas *quotas, struct slot *slot);

/* Removes a channel that is about to be freed. Does nothing if slot->owner is NULL. */
void quotas_remove(struct quotas *quotas, struct slot *slot);

/* Returns the idle channel to be freed first, or NULL if no channel is idle. */
struct slot *quotas_longest_idle(const struct quotas *quotas);

#endif
