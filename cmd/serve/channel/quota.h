#ifndef SERVE_CHANNEL_QUOTA_H
#define SERVE_CHANNEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/util/fair_share.h"

/*
 * The channels of each address. A channel is in use, or it is idle: it has no members, and only its
 * history is kept. It belongs to the address that was first to use it since it was idle, or new. No
 * address can take so many channels into use that none are left for others. If a channel must be
 * freed for a new one, it is the longest idle one of the address that has most idle ones.
 */
struct quota_owner;

/* An address that asks for a channel. */
struct claimant {
	uint64_t key; /* a hash of the address; 0: no address; the channels are not limited */
	size_t weight; /* it may use up to so many times the channels that it leaves unused */
};

/* The part of a channel. Zeroed memory is a channel that is neither in use nor idle. */
struct slot {
	struct slot *next, *prev; /* in the owner's list of idle ones, while it is idle */
	struct quota_owner *owner; /* NULL: it is neither in use nor idle */
	bool idle;
};

/* Zeroed memory is a valid empty set. */
struct quotas {
	struct quota_owner *by_key; /* uthash */
	struct shares idle; /* how many idle channels each owner has */
	size_t in_use; /* channels of all owners */
};

/* Returns true if the claimant may take one more channel into use, of `most` that there can be. */
bool quotas_admit(const struct quotas *quotas, const struct claimant *claimant, size_t most);

/* Puts a channel in use by this claimant, whatever it was before. */
void quotas_set_in_use(struct quotas *quotas, struct slot *slot, const struct claimant *claimant);

/* Makes a channel idle that is in use. Does nothing if it is idle already. */
void quotas_set_idle(struct quotas *quotas, struct slot *slot);

/* Takes a channel out, which is about to be freed. Does nothing if it is not in here. */
void quotas_remove(struct quotas *quotas, struct slot *slot);

/* Returns the idle channel that should be freed first, or NULL if none is idle. */
struct slot *quotas_longest_idle(const struct quotas *quotas);

#endif
