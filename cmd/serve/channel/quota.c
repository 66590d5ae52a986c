/* The channels of each address: in use, idle, forgotten. */
#include "serve/channel/quota.h"

#include <stdlib.h>
#include <utlist.h>

#include "chat/buf.h"
#include "text/hash.h"

struct quota_owner {
	struct share idle; /* first */
	UT_hash_handle hh;
	uint64_t key;
	struct slot *oldest; /* utlist: idle ones */
	size_t in_use;
};

static struct quota_owner *
quota_owner_find(const struct quotas *quotas, uint64_t key)
{
	struct quota_owner *quota_owner;

	HASH_FIND(hh, quotas->by_key, &key, sizeof(key), quota_owner);
	return quota_owner;
}

static struct quota_owner *
quota_owner_of(struct quotas *quotas, uint64_t key)
{
	struct quota_owner *quota_owner = quota_owner_find(quotas, key);

	if (!quota_owner) {
		quota_owner = chat_alloc_zeroed(1, sizeof(*quota_owner));
		quota_owner->key = key;
		HASH_ADD(hh, quotas->by_key, key, sizeof(key), quota_owner);
	}
	return quota_owner;
}

static void
quota_owner_forget(struct quotas *quotas, struct quota_owner *quota_owner)
{
	if (quota_owner->in_use || quota_owner->oldest)
		return;
	HASH_DEL(quotas->by_key, quota_owner);
	free(quota_owner);
}

bool
quotas_admit(const struct quotas *quotas, const struct claimant *claimant, size_t most)
{
	const struct quota_owner *quota_owner =
		claimant->key ? quota_owner_find(quotas, claimant->key) : NULL;
	size_t left = most > quotas->in_use ? most - quotas->in_use : 0;

	return !quota_owner || quota_owner->in_use <= claimant->weight * left;
}

void
quotas_remove(struct quotas *quotas, struct slot *slot)
{
	struct quota_owner *quota_owner = slot->quota_owner;

	if (!quota_owner)
		return;
	if (slot->idle) {
		DL_DELETE(quota_owner->oldest, slot);
		shares_take(&quotas->idle, &quota_owner->idle, 1);
	} else {
		quota_owner->in_use--;
		quotas->in_use--;
	}
	*slot = (struct slot){0};
	quota_owner_forget(quotas, quota_owner);
}

void
quotas_set_in_use(struct quotas *quotas, struct slot *slot, const struct claimant *claimant)
{
	quotas_remove(quotas, slot);
	slot->quota_owner = quota_owner_of(quotas, claimant->key);
	slot->quota_owner->in_use++;
	quotas->in_use++;
}

void
quotas_set_idle(struct quotas *quotas, struct slot *slot)
{
	struct quota_owner *quota_owner = slot->quota_owner;

	if (slot->idle)
		return;
	slot->idle = true;
	quota_owner->in_use--;
	quotas->in_use--;
	DL_APPEND(quota_owner->oldest, slot);
	shares_add(&quotas->idle, &quota_owner->idle, 1);
}

struct slot *
quotas_longest_idle(const struct quotas *quotas)
{
	struct quota_owner *quota_owner = (struct quota_owner *)shares_largest(&quotas->idle);

	return quota_owner ? quota_owner->oldest : NULL;
}
