#ifndef SERVE_CHANNEL_QUOTA_H
#define SERVE_CHANNEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/util/holders.h"

/*
 * Who has which channels. A channel is in use, and then counts for who came into it first, or it is
 * idle: nobody is there, it is only remembered. Nobody takes so many into use that others find none
 * left; and where one has to be forgotten for a new one, it is the longest idle one of those who
 * have made most of them.
 */
struct maker;

/* Who asks for a channel. */
struct asker {
	uint64_t key; /* an address, hashed; 0: nobody that is to be held to a share */
	size_t weight; /* it may have so many times as many in use as it leaves to others */
};

/* A channel's part of it. Zeroed, it is in neither state. */
struct holding {
	struct holding *next, *prev; /* of its maker's idle ones */
	struct maker *maker;
	bool idle;
};

struct makers {
	struct maker *by_key;
	struct shares idle; /* of the makers, in idle channels */
	size_t in_use;
};

/* Whether another one may be taken into use by this one, of `most` there can be. */
bool makers_admit(const struct makers *makers, const struct asker *asker, size_t most);

/* It is in use, by this one, whatever it was before. */
void makers_use(struct makers *makers, struct holding *holding, const struct asker *asker);

/* It is in use no more. */
void makers_rest(struct makers *makers, struct holding *holding);

/* It is gone. */
void makers_drop(struct makers *makers, struct holding *holding);

/* The one to be forgotten next; NULL: none is idle. */
struct holding *makers_oldest(const struct makers *makers);

#endif
