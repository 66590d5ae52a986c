/* Makes a failing plan small: what it fails without is taken out. */
#include "simulation/shrink.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

struct shrink {
	struct plan *plan; /* the smallest that fails */
	struct run *run;
	char kind[128]; /* of its fault */
	unsigned runs;
};

/* The kind of a fault is its sentence without numbers, ids and texts. */
static void
kind_of(const char *fault, char *kind, size_t size)
{
	size_t len = 0;

	for (; *fault && len + 1 < size; fault++) {
		if (*fault == '"')
			fault += 1 + strcspn(fault + 1, "\"");
		else if (isalpha((unsigned char)*fault) && !isxdigit((unsigned char)*fault))
			kind[len++] = *fault;
		if (!*fault)
			break;
	}
	kind[len] = '\0';
}

/* Plays a smaller plan. If it fails alike, it is the smallest from now on. */
static bool
take(struct shrink *shrink, const struct plan *smaller)
{
	char kind[sizeof(shrink->kind)];

	shrink->runs++;
	run_play(shrink->run, smaller, NULL);
	kind_of(shrink->run->fault, kind, sizeof(kind));
	if (!*shrink->run->fault || strcmp(kind, shrink->kind) != 0)
		return false;
	*shrink->plan = *smaller;
	return true;
}

static bool
drop_actions(struct shrink *shrink)
{
	bool any = false;

	for (unsigned size = shrink->plan->actions / 2; size > 0; size /= 2)
		for (unsigned at = 0; at < shrink->plan->actions;) {
			struct plan smaller = *shrink->plan;
			unsigned end = at + size < smaller.actions ? at + size : smaller.actions;

			memmove(smaller.action + at, smaller.action + end,
				(smaller.actions - end) * sizeof(*smaller.action));
			smaller.actions -= end - at;
			if (take(shrink, &smaller))
				any = true;
			else
				at += size;
		}
	return any;
}

/* Halves the numbers of actions: lines to say, times. */
static bool
halve_numbers(struct shrink *shrink)
{
	bool any = false;

	for (unsigned i = 0; i < shrink->plan->actions; i++) {
		struct plan smaller = *shrink->plan;
		struct action *action = &smaller.action[i];

		if (action->kind == ACTION_KILL_LISTENER || action->kind == ACTION_KILL_SERVER ||
			action->kind == ACTION_RENEW || action->kind == ACTION_RELOAD ||
			action->kind == ACTION_STRANGER)
			continue;
		while (action->number > 1 || action->number < -1) {
			action->number /= 2;
			if (!take(shrink, &smaller))
				break;
			any = true;
		}
	}
	return any;
}

static bool
drop_actors(struct shrink *shrink)
{
	bool any = false;

	for (unsigned i = 0; i < shrink->plan->speakers + shrink->plan->listeners; i++) {
		struct plan smaller = *shrink->plan;
		bool speaks = i < smaller.speakers;
		bool *absent = speaks ? &smaller.speaker[i].absent
				      : &smaller.listener[i - smaller.speakers].absent;

		if (*absent)
			continue;
		*absent = true;
		any |= take(shrink, &smaller);
	}
	return any;
}

static bool
drop_clients(struct shrink *shrink)
{
	bool any = false;

	for (unsigned i = 0; i < shrink->plan->clients; i++) {
		struct plan smaller = *shrink->plan;

		if (smaller.client[i].absent)
			continue;
		smaller.client[i].absent = true;
		any |= take(shrink, &smaller);
	}
	return any;
}

static bool
drop_adversaries(struct shrink *shrink)
{
	struct plan smaller = *shrink->plan;

	if (!smaller.adversaries)
		return false;
	smaller.adversaries--;
	return take(shrink, &smaller);
}

static bool
drop_tls(struct shrink *shrink)
{
	struct plan smaller = *shrink->plan;

	if (!smaller.has_tls)
		return false;
	smaller.has_client_ca = false;
	if (shrink->plan->has_client_ca && take(shrink, &smaller))
		return true;
	smaller.has_tls = false;
	return take(shrink, &smaller);
}

static bool
drop_walls(struct shrink *shrink)
{
	bool any = false;

	for (size_t i = 0; i < walls_count(); i++) {
		struct plan smaller = *shrink->plan;

		if (!smaller.walls.given[i])
			continue;
		smaller.walls.given[i] = 0;
		any |= take(shrink, &smaller);
	}
	return any;
}

static bool
drop_faults(struct shrink *shrink)
{
	static const size_t rates[] = {offsetof(struct faults, short_read),
		offsetof(struct faults, short_write), offsetof(struct faults, delay),
		offsetof(struct faults, disk_short), offsetof(struct faults, disk_full),
		offsetof(struct faults, disk_error), offsetof(struct faults, sync_error),
		offsetof(struct faults, sync_slow), offsetof(struct faults, open_error),
		offsetof(struct faults, accept_error), offsetof(struct faults, ring_error),
		offsetof(struct faults, stream_late), offsetof(struct faults, stream_lost),
		offsetof(struct faults, stream_twice), offsetof(struct faults, stream_away),
		offsetof(struct faults, stream_refused), offsetof(struct faults, stream_says)};
	bool any = false;

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct plan smaller = *shrink->plan;
		unsigned *rate = (unsigned *)((char *)&smaller.faults + rates[i]);

		if (!*rate)
			continue;
		*rate = 0;
		any |= take(shrink, &smaller);
	}
	return any;
}

/* Sets the clocks of a cluster right, and takes its rivals out. */
static bool
simplify_cluster(struct shrink *shrink)
{
	struct plan smaller = *shrink->plan;
	bool any = false;

	if (smaller.has_rivals) {
		smaller.has_rivals = false;
		any = take(shrink, &smaller);
	}
	for (unsigned i = 0; i < NODES; i++) {
		smaller = *shrink->plan;
		if (!smaller.node[i].clock_ms && !smaller.node[i].drift)
			continue;
		smaller.node[i].clock_ms = smaller.node[i].drift = 0;
		any |= take(shrink, &smaller);
	}
	return any;
}

unsigned
shrink_plan(struct plan *plan, struct run *run)
{
	struct shrink shrink = {.plan = plan, .run = run};
	bool any = true;

	kind_of(run->fault, shrink.kind, sizeof(shrink.kind));
	while (any) {
		any = drop_actors(&shrink);
		any |= drop_clients(&shrink);
		any |= drop_adversaries(&shrink);
		any |= drop_tls(&shrink);
		any |= drop_walls(&shrink);
		any |= drop_faults(&shrink);
		any |= simplify_cluster(&shrink);
		any |= drop_actions(&shrink);
		any |= halve_numbers(&shrink);
	}
	run_play(run, plan, NULL);
	return shrink.runs;
}
