/* Draws a plan from a seed. Each seed first draws which kinds of actors and faults exist at all. */
#include "simulation/plan.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/certificate.h"

#define CALM_NS (20 * SECOND)

/* Each part of a plan is drawn from a generator of its own, so that drawing more in one of them
 * leaves the others of a seed as they are. */
enum part {
	PART_SERVER,
	PART_NETWORK,
	PART_DISK,
	PART_ACTORS,
	PART_ADVERSARIES,
	PART_ACTIONS,
	PART_TLS,
	PART_WALLS,
	PART_CLIENTS,
	PART_CLUSTER
};

/* A rate of a fault in a thousand: mostly none. */
static unsigned
draw_rate(struct chance *chance, unsigned most)
{
	return chance_below(chance, 3) ? 0 : (unsigned)chance_scale(chance, most);
}

static void
draw_network(struct plan *plan, struct chance *chance)
{
	struct faults *faults = &plan->faults;

	faults->short_read = draw_rate(chance, 500);
	faults->short_write = draw_rate(chance, 500);
	faults->delay = draw_rate(chance, 300);
	faults->delay_ns = chance_scale(chance, 8 * SECOND);
	faults->socket_bytes =
		chance_below(chance, 3) ? SOCKET_BYTES : chance_scale(chance, 1 << 16);
}

static void
draw_disk(struct plan *plan, struct chance *chance)
{
	struct faults *faults = &plan->faults;

	faults->sync_slow = draw_rate(chance, 300);
	faults->sync_ns = chance_scale(chance, 8 * SECOND);
	if (chance_below(chance, 3))
		return;
	faults->disk_short = draw_rate(chance, 200);
	faults->disk_full = draw_rate(chance, 200);
	faults->disk_error = draw_rate(chance, 50);
	faults->sync_error = draw_rate(chance, 200);
	faults->open_error = draw_rate(chance, 100);
}

static void
draw_actors(struct plan *plan, struct chance *chance)
{
	plan->speakers = (unsigned)chance_between(chance, 1, SPEAKERS_MOST);
	plan->listeners = (unsigned)chance_between(chance, 1, LISTENERS_MOST);
	for (unsigned i = 0; i < plan->speakers; i++)
		plan->speaker[i] = (struct speaker_plan){
			.channel = (unsigned)chance_below(chance, CHANNELS),
			.address = (unsigned)chance_below(chance, 3),
			.window = (unsigned)chance_scale(chance, plan->heavy ? 4096 : 256),
		};
	for (unsigned i = 0; i < plan->listeners; i++)
		plan->listener[i] = (struct listener_plan){
			.channel = (unsigned)chance_below(chance, CHANNELS),
			.address = (unsigned)chance_below(chance, 3),
			.has_cursor = chance_below(chance, 3) > 0,
			.to_pipe = chance_below(chance, 2),
			.read_bytes = chance_scale(chance, 100000),
		};
}

static void
draw_adversaries(struct plan *plan, struct chance *chance)
{
	plan->adversaries =
		chance_below(chance, 2) ? 0 : (unsigned)chance_between(chance, 1, ADVERSARIES_MOST);
}

static const int server_ends[] = {SIGKILL, SIGKILL, SIGTERM};
static const int listener_ends[] = {SIGKILL, SIGTERM, SIGINT};

static void
draw_action(struct plan *plan, struct chance *chance, enum action_kind kind)
{
	struct action *action = &plan->action[plan->actions++];

	*action = (struct action){.kind = kind, .time_ns = chance_between(chance, 0, CALM_NS)};
	switch (kind) {
	case ACTION_SAY:
		action->who = (unsigned)chance_below(chance, plan->speakers);
		action->number = chance_scale(chance, plan->heavy ? 400 : 40);
		break;
	case ACTION_KILL_SPEAKER:
		action->who = (unsigned)chance_below(chance, plan->speakers);
		break;
	case ACTION_KILL_LISTENER:
		action->who = (unsigned)chance_below(chance, plan->listeners);
		action->number = listener_ends[chance_below(chance, 3)];
		break;
	case ACTION_PAUSE_LISTENER:
		action->who = (unsigned)chance_below(chance, plan->listeners);
		action->number = chance_scale(chance, 10000);
		break;
	case ACTION_KILL_SERVER:
		action->number = server_ends[chance_below(chance, 3)];
		break;
	case ACTION_HOLD:
		action->number = chance_scale(chance, 60000);
		break;
	case ACTION_FLIP_BIT:
		action->number = (int64_t)(chance_next(chance) >> 1);
		break;
	case ACTION_STEP_CLOCK:
		action->number = chance_between(chance, -7200000, 7200000);
		break;
	case ACTION_RELOAD:
		action->number = (int64_t)chance_below(chance, 1 << 12);
		break;
	default:
		break;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct action *left = a, *right = b;

	return left->time_ns < right->time_ns ? -1 : left->time_ns > right->time_ns;
}

bool
plan_disk_fails(const struct plan *plan)
{
	const struct faults *faults = &plan->faults;

	return faults->disk_short || faults->disk_full || faults->disk_error ||
		faults->sync_error || faults->open_error;
}

bool
plan_has(const struct plan *plan, enum action_kind kind)
{
	for (unsigned i = 0; i < plan->actions; i++)
		if (plan->action[i].kind == kind)
			return true;
	return false;
}

bool
plan_has_slow_sockets(const struct plan *plan)
{
	return plan->faults.socket_bytes < SOCKET_BYTES;
}

bool
plan_is_slow(const struct plan *plan)
{
	return plan->faults.delay || plan_has_slow_sockets(plan) || plan_has(plan, ACTION_HOLD) ||
		plan_has(plan, ACTION_DELETE) || plan->has_client_ca ||
		walls_have_rates(&plan->walls);
}

/* With --sync=never the directory is not synced for certain, and a disk that fails may lose the
 * file that remembers which ids were used. Then the clock must not be set back. */
static bool
may_forget_ids(const struct plan *plan)
{
	return plan->sync == SYNC_NEVER && plan_disk_fails(plan);
}

static void
draw_actions(struct plan *plan, struct chance *chance)
{
	static const unsigned most[ACTION_KINDS] = {
		[ACTION_KILL_SPEAKER] = 4,
		[ACTION_KILL_LISTENER] = 6,
		[ACTION_PAUSE_LISTENER] = 6,
		[ACTION_KILL_SERVER] = 6,
		[ACTION_LOSE_POWER] = 3,
		[ACTION_FLIP_BIT] = 4,
		[ACTION_ROTATE] = 6,
		[ACTION_RESET] = 6,
		[ACTION_HOLD] = 4,
		[ACTION_METRICS] = 8,
		[ACTION_STEP_CLOCK] = 3,
		[ACTION_RELOAD] = 4,
	}; /* what befalls a stream is drawn in plan_cluster.c */

	for (int64_t says = chance_scale(chance, chance_below(chance, 2) ? 60 : 12); says > 0;
		says--)
		draw_action(plan, chance, ACTION_SAY);
	for (int kind = 0; kind < ACTION_KINDS; kind++) {
		if (!most[kind] || chance_below(chance, 3))
			continue; /* this kind does not exist in this run */
		if (kind == ACTION_STEP_CLOCK && may_forget_ids(plan))
			continue;
		for (int64_t count = chance_scale(chance, most[kind]); count > 0; count--)
			draw_action(plan, chance, (enum action_kind)kind);
	}
}

static void
draw_renewal(struct plan *plan, struct chance *chance, int64_t time_ns)
{
	int64_t states = chance_below(chance, 2) ? 1 : CERTIFICATE_STATES;
	int64_t number = chance_between(chance, 0, states * CERTIFICATES - 1);

	plan->action[plan->actions++] =
		(struct action){.kind = ACTION_RENEW, .time_ns = time_ns, .number = number};
	if (number < CERTIFICATES)
		return;
	plan->action[plan->actions++] = (struct action){.kind = ACTION_RENEW,
		.time_ns = time_ns + chance_scale(chance, 3 * SECOND),
		.number = number % CERTIFICATES}; /* it is mended */
}

static void
draw_tls(struct plan *plan, struct chance *chance)
{
	plan->has_tls = chance_below(chance, 5) == 0;
	plan->has_key_file = chance_below(chance, 2);
	plan->certificate = (unsigned)chance_below(chance, CERTIFICATES);
	plan->has_client_ca = plan->has_tls && chance_below(chance, 3) == 0;
	if (!plan->has_tls || chance_below(chance, 3) == 0)
		return;
	for (int64_t count = chance_scale(chance, 8); count > 0; count--)
		draw_renewal(plan, chance, chance_between(chance, 0, CALM_NS));
}

static void
draw_server(struct plan *plan, struct chance *chance)
{
	plan->has_journal = chance_below(chance, 5) > 0;
	plan->sync = (enum sync_kind)chance_below(chance, 3);
	plan->history = (unsigned)chance_scale(chance, 60);
	plan->segment_kib = chance_below(chance, 2) ? 4 : 1024;
	plan->queue_kib = chance_below(chance, 2) ? 64 : 4096;
	plan->heavy = chance_below(chance, 8) == 0;
}

typedef void draw_fn(struct plan *plan, struct chance *chance);

void
plan_draw(struct plan *plan, uint64_t seed)
{
	static draw_fn *const draw[] = {
		[PART_SERVER] = draw_server,
		[PART_NETWORK] = draw_network,
		[PART_DISK] = draw_disk,
		[PART_ACTORS] = draw_actors,
		[PART_ADVERSARIES] = draw_adversaries,
		[PART_ACTIONS] = draw_actions,
		[PART_TLS] = draw_tls,
		[PART_WALLS] = walls_draw,
		[PART_CLIENTS] = plan_draw_clients,
	};
	struct chance chance = {seed};

	memset(plan, 0, sizeof(*plan));
	plan->seed = seed;
	plan->calm_ns = CALM_NS;
	for (size_t part = 0; part < sizeof(draw) / sizeof(*draw); part++) {
		struct chance own = chance_fork(&chance, part + 1);

		draw[part](plan, &own);
	}
	/* Commands that are called in other ways know neither TLS nor walls. */
	if (plan->clients && chance_below(&chance, 2)) {
		plan->clients = 0;
	} else if (plan->clients) {
		plan->has_tls = plan->has_client_ca = false;
		plan->walls = (struct walls){.given = {[WALL_LISTEN] = 1}};
	}
	if (walls_have(&plan->walls, WALL_TOKENS))
		plan->has_client_ca = false; /* one of both says who a user is */
	if (plan_is_cluster(seed)) {
		struct chance own = chance_fork(&chance, PART_CLUSTER + 1);

		plan_draw_cluster(plan, &own);
	}
	qsort(plan->action, plan->actions, sizeof(*plan->action), compare);
}
