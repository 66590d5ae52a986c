#ifndef SERVE_CHANNEL_QUOTA_H
#define SERVE_CHANNEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/util/fair_share.h"

/*
 * Who has which channels. A channel is in use, and then counts for who came into it first, or it is
 * idle: nobody is there, it is only remembered. Nobody takes so many into use that others find none
 * left; and where one has to be forgotten for a new one, it is the longest idle one of those who
 * have made most of them.
 */
struct quota_owner;

/* Who asks for a channel. */
struct claimant {
	uint64_t key; /* an address, hashed; 0: nobody that is to be held to a share */
	size_t weight; /* it may have so many times as many in use as it leaves to others */
};

/* A channel's part of it. Zeroed, it is in neither state. */
struct slot {
	struct slot *next, *prev; /* of its maker's idle ones */
	struct quota_owner *quota_owner;
	bool idle;
};

struct quotas {
	struct quota_owner *by_key;
	struct shares idle; /* of the makers, in idle channels */
	size_t in_use;
};

/* Whether another one may be taken into use by this one, of `most` there can be. */
bool quotas_admit(const struct quotas *quotas, const struct claimant *claimant, size_t most);

/* It is in use, by this one, whatever it was before. */
void quotas_set_in_use(struct quotas *quotas, struct slot *slot, const struct claimant *claimant);

/* It is in use no more. */
void quotas_set_idle(struct quotas *quotas, struct slot *slot);

/* It is gone. */
void quotas_remove(struct quotas *quotas, struct slot *slot);

/* The one to be forgotten next; NULL: none is idle. */
struct slot *quotas_longest_idle(const struct quotas *quotas);

#endif
