/*
 * Counts the channels that each address uses, and chooses the idle channel that is freed for a new
 * one.
 */
#include "serve/channel/quota.h"

#include <stdlib.h>
#include <utlist.h>

#include "text/buf.h"
#include "text/hash.h"

struct quota_owner {
	/* First: shares_largest returns a pointer to it; the number of idle channels. */
	struct share idle;
	UT_hash_handle hh;
	uint64_t key;
	/* A utlist of its idle channels; the one that was idle for longest is the first. */
	struct slot *oldest;
	size_t in_use; /* the number of its channels in use */
};

static struct quota_owner *
owner_find(const struct quotas *quotas, uint64_t key)
{
	struct quota_owner *owner;

	HASH_FIND(hh, quotas->by_key, &key, sizeof(key), owner);
	return owner;
}

/* Returns the owner with this key. Makes it if there is none. */
static struct quota_owner *
owner_of(struct quotas *quotas, uint64_t key)
{
	struct quota_owner *owner = owner_find(quotas, key);

	if (!owner) {
		owner = chat_alloc_zeroed(1, sizeof(*owner));
		owner->key = key;
		HASH_ADD(hh, quotas->by_key, key, sizeof(key), owner);
	}
	return owner;
}

/* Frees the owner if it has no channels. */
static void
owner_release(struct quotas *quotas, struct quota_owner *owner)
{
	if (owner->in_use || owner->oldest)
		return;
	HASH_DEL(quotas->by_key, owner);
	free(owner);
}

bool
quotas_admit(const struct quotas *quotas, const struct claimant *claimant, size_t most)
{
	const struct quota_owner *owner = claimant->key ? owner_find(quotas, claimant->key) : NULL;
	size_t left = most > quotas->in_use ? most - quotas->in_use : 0;

	return !owner ||
		owner->in_use * (quotas->loops ? quotas->loops : 1) <= claimant->weight * left;
}

void
quotas_remove(struct quotas *quotas, struct slot *slot)
{
	struct quota_owner *owner = slot->owner;

	if (!owner)
		return;
	if (slot->idle) {
		DL_DELETE(owner->oldest, slot);
		shares_take(&quotas->idle, &owner->idle, 1);
	} else {
		owner->in_use--;
		quotas->in_use--;
	}
	*slot = (struct slot){0};
	owner_release(quotas, owner);
}

void
quotas_set_in_use(struct quotas *quotas, struct slot *slot, const struct claimant *claimant)
{
	quotas_remove(quotas, slot);
	slot->owner = owner_of(quotas, claimant->key);
	slot->owner->in_use++;
	quotas->in_use++;
}

void
quotas_set_idle(struct quotas *quotas, struct slot *slot)
{
	struct quota_owner *owner = slot->owner;

	if (slot->idle)
		return;
	slot->idle = true;
	owner->in_use--;
	quotas->in_use--;
	DL_APPEND(owner->oldest, slot);
	shares_add(&quotas->idle, &owner->idle, 1);
}

struct slot *
quotas_longest_idle(const struct quotas *quotas)
{
	struct quota_owner *owner = (struct quota_owner *)shares_largest(&quotas->idle);

	return owner ? owner->oldest : NULL;
}
