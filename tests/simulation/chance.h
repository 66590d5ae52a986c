#ifndef SIMULATION_CHANCE_H
#define SIMULATION_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Random numbers by a seed (SplitMix64). The same seed gives the same numbers on every machine. */
struct chance {
	uint64_t state;
};

static inline uint64_t
chance_next(struct chance *chance)
{
	uint64_t mixed = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

/* A generator of its own, so that what draws from it does not change what others draw. */
static inline struct chance
chance_fork(const struct chance *chance, uint64_t number)
{
	struct chance fork = {chance->state ^ (number + 1) * UINT64_C(0xd1342543de82ef95)};

	fork.state = chance_next(&fork);
	return fork;
}

/* A number below the bound, which is not 0. */
static inline uint64_t
chance_below(struct chance *chance, uint64_t bound)
{
	return chance_next(chance) % bound;
}

static inline int64_t
chance_between(struct chance *chance, int64_t least, int64_t most)
{
	return least + (int64_t)chance_below(chance, (uint64_t)(most - least) + 1);
}

/* True in so many of a thousand cases. */
static inline bool
chance_hits(struct chance *chance, unsigned per_thousand)
{
	return per_thousand && chance_below(chance, 1000) < per_thousand;
}

/* A length between 1 and most; small ones are as likely as large ones. */
static inline int64_t
chance_scale(struct chance *chance, int64_t most)
{
	int64_t bound = most;

	while (bound > 1 && chance_below(chance, 2))
		bound /= 2;
	return chance_between(chance, 1, bound);
}

#endif
