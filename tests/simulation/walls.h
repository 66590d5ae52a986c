#ifndef SIMULATION_WALLS_H
#define SIMULATION_WALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "simulation/chance.h"

/*
 * Options of chat-serve: offers and limits beyond the default. Each is given only in some plans.
 * Nothing of it may keep honest speakers and listeners out for good: their addresses and messages
 * keep the limits, or the adversaries end with the calm.
 */

struct plan;

/* The walls that others than walls.c know. The order is that of the table there. */
enum wall {
	WALL_LISTEN,
	WALL_LISTEN_IPV6,
	WALL_LISTEN_ANY,
	WALL_LISTEN_UNIX,
	WALL_METRICS,
	WALL_TOKENS,
	WALL_OPEN,
	WALL_PROXIES,
	WALL_MAX_MESSAGE,
	WALL_UNSYNCED_TOTAL,
	WALL_CROWD,
	WALL_RECEIVE_TOTAL,
	WALL_QUEUE_TOTAL,
	WALL_JOURNAL_MAX_BYTES,
	WALLS_KNOWN
};

#define WALLS_MOST 64

struct walls {
	unsigned char given[WALLS_MOST]; /* 0: not given; else the number of the value, from 1 */
	bool remote; /* honest ones come from other machines */
	bool floods; /* an adversary says as much as it can */
};

void walls_draw(struct plan *plan, struct chance *chance);
void walls_print(const struct walls *walls);
bool walls_have(const struct walls *walls, enum wall wall);

/* Fills the arguments of chat-serve in; returns their number, of at most `most`. */
size_t walls_arguments(const struct walls *walls, const char *argv[], size_t most);

/* Returns true if other machines can connect. */
bool walls_are_open(const struct walls *walls);

/* Returns true if it listens on ::1, too. */
bool walls_have_ipv6(const struct walls *walls);

/* Returns true if adversaries can take all places of the honest ones. */
bool walls_are_tight(const struct walls *walls);

/* Returns true if honest ones may say less than they want in a second: from other machines, or
 * under a name that is verified. */
bool walls_have_rates(const struct walls *walls);

/* Returns true if old messages are removed from the journal. */
bool walls_remove(const struct walls *walls);

/* The number of walls, so that each can be taken away. */
size_t walls_count(void);

#endif
