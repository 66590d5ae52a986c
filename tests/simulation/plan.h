#ifndef SIMULATION_PLAN_H
#define SIMULATION_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulation/kernel.h"
#include "simulation/walls.h"

/*
 * A plan is all that happens in a run, drawn from its seed before it begins: who takes part, which
 * faults exist at all, and a list of actions with their times. After `calm_ns` no fault happens any
 * more, and what was said must arrive. Shrinking removes parts of a plan (shrink.c).
 */

#define SPEAKERS_MOST 4
#define LISTENERS_MOST 4
#define CHANNELS 2
#define ADVERSARIES_MOST 3
#define ACTIONS_MOST 256

enum action_kind {
	ACTION_SAY, /* a speaker gets `number` lines to say */
	ACTION_KILL_SPEAKER, /* with SIGKILL; it is started again */
	ACTION_KILL_LISTENER, /* with the signal `number`; it is started again */
	ACTION_PAUSE_LISTENER, /* its output is not read for number milliseconds */
	ACTION_KILL_SERVER, /* with the signal `number`; it is started again */
	ACTION_LOSE_POWER, /* of the server's machine */
	ACTION_FLIP_BIT, /* of an index file; number says which one and where */
	ACTION_ROTATE, /* SIGUSR2 of the server */
	ACTION_RESET, /* all connections of the server break */
	ACTION_HOLD, /* nothing gets through for number milliseconds */
	ACTION_METRICS, /* SIGUSR1 of the server */
	ACTION_STEP_CLOCK, /* by number milliseconds */
	ACTION_RENEW, /* the server gets another certificate: number says which, and its state */
	ACTION_RELOAD, /* other tokens, and SIGHUP of the server; number says which */
	ACTION_KINDS
};

struct action {
	int64_t time_ns, number;
	enum action_kind kind;
	unsigned who; /* speaker or listener */
};

enum sync_kind { SYNC_ALWAYS, SYNC_BATCH, SYNC_NEVER };

struct speaker_plan {
	bool absent; /* it was taken out of the plan */
	unsigned channel, address, window;
};

struct listener_plan {
	bool absent;
	unsigned channel, address;
	bool has_cursor; /* else it begins anew when it is started again */
	bool to_pipe; /* else its output is a file */
	int64_t read_bytes; /* of its pipe in a millisecond */
};

struct plan {
	uint64_t seed;
	bool has_journal;
	enum sync_kind sync;
	unsigned history; /* --history */
	unsigned segment_kib;
	unsigned queue_kib; /* --queue */
	struct walls walls;
	bool heavy; /* every text is long, and there are many */
	bool has_tls;
	bool has_key_file; /* the key is not with the certificate */
	bool has_client_ca; /* a user is who has a certificate of that name */
	unsigned certificate; /* the first one */
	struct faults faults; /* until the calm */
	unsigned speakers, listeners, adversaries;
	struct speaker_plan speaker[SPEAKERS_MOST];
	struct listener_plan listener[LISTENERS_MOST];
	struct action action[ACTIONS_MOST];
	unsigned actions;
	int64_t calm_ns;
};

void plan_draw(struct plan *plan, uint64_t seed);

/* Returns true if writes or syncs of the journal may fail. */
bool plan_disk_fails(const struct plan *plan);

bool plan_has(const struct plan *plan, enum action_kind kind);

/* Returns true if some connections have small buffers. */
bool plan_has_slow_sockets(const struct plan *plan);

/* Prints the plan as a story. */
void plan_print(const struct plan *plan);

#endif
