/* The channels of each address: in use, idle, forgotten. */
#include "serve/channel/quota.h"

#include <stdlib.h>
#include <utlist.h>

#include "chat/buf.h"
#include "text/hash.h"

struct maker {
	struct share idle; /* first */
	UT_hash_handle hh;
	uint64_t key;
	struct holding *oldest; /* utlist: idle ones */
	size_t in_use;
};

static struct maker *
maker_find(const struct makers *makers, uint64_t key)
{
	struct maker *maker;

	HASH_FIND(hh, makers->by_key, &key, sizeof(key), maker);
	return maker;
}

static struct maker *
maker_of(struct makers *makers, uint64_t key)
{
	struct maker *maker = maker_find(makers, key);

	if (!maker) {
		maker = chat_alloc_zeroed(1, sizeof(*maker));
		maker->key = key;
		HASH_ADD(hh, makers->by_key, key, sizeof(key), maker);
	}
	return maker;
}

static void
maker_forget(struct makers *makers, struct maker *maker)
{
	if (maker->in_use || maker->oldest)
		return;
	HASH_DEL(makers->by_key, maker);
	free(maker);
}

bool
makers_admit(const struct makers *makers, const struct asker *asker, size_t most)
{
	const struct maker *maker = asker->key ? maker_find(makers, asker->key) : NULL;
	size_t left = most > makers->in_use ? most - makers->in_use : 0;

	return !maker || maker->in_use <= asker->weight * left;
}

void
makers_drop(struct makers *makers, struct holding *holding)
{
	struct maker *maker = holding->maker;

	if (!maker)
		return;
	if (holding->idle) {
		DL_DELETE(maker->oldest, holding);
		shares_take(&makers->idle, &maker->idle, 1);
	} else {
		maker->in_use--;
		makers->in_use--;
	}
	*holding = (struct holding){0};
	maker_forget(makers, maker);
}

void
makers_use(struct makers *makers, struct holding *holding, const struct asker *asker)
{
	makers_drop(makers, holding);
	holding->maker = maker_of(makers, asker->key);
	holding->maker->in_use++;
	makers->in_use++;
}

void
makers_rest(struct makers *makers, struct holding *holding)
{
	struct maker *maker = holding->maker;

	if (holding->idle)
		return;
	holding->idle = true;
	maker->in_use--;
	makers->in_use--;
	DL_APPEND(maker->oldest, holding);
	shares_add(&makers->idle, &maker->idle, 1);
}

struct holding *
makers_oldest(const struct makers *makers)
{
	struct maker *maker = (struct maker *)shares_largest(&makers->idle);

	return maker ? maker->oldest : NULL;
}
