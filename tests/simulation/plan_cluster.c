/* Draws the plan of a cluster: its servers, and what befalls the stream. */
#include <string.h>

#include "serve/cluster/batch.h"
#include "serve/journal/message_id.h"
#include "simulation/plan.h"

#define LATE_NS (5 * SECOND) /* at most: what is published, answered or read */
#define AWAY_MS 25000 /* a message is given up after 15 s */

bool
plan_is_cluster(uint64_t seed)
{
	return seed >= CLUSTERS_FROM && seed % CLUSTERS_ONE_IN == 0;
}

unsigned
plan_nodes(const struct plan *plan)
{
	return plan->is_cluster ? NODES : 1;
}

bool
plan_forgets_entries(const struct plan *plan)
{
	return plan->is_cluster && (plan_has(plan, ACTION_REMOVE) || plan_has(plan, ACTION_DELETE));
}

bool
plan_loses_entries(const struct plan *plan)
{
	return plan->is_cluster && plan_has(plan, ACTION_LOSE);
}

static unsigned
draw_rate(struct chance *chance, int64_t most)
{
	return chance_below(chance, 2) ? 0 : (unsigned)chance_scale(chance, most);
}

static void
draw_stream(struct plan *plan, struct chance *chance)
{
	struct faults *faults = &plan->faults;

	faults->stream_late = draw_rate(chance, 500);
	faults->stream_ns = chance_scale(chance, LATE_NS);
	faults->stream_lost = draw_rate(chance, 300);
	faults->stream_twice = draw_rate(chance, 300);
	faults->stream_away = draw_rate(chance, 300);
	faults->stream_refused = chance_below(chance, 3) ? 0 : draw_rate(chance, 100);
	faults->stream_says = draw_rate(chance, 500);
}

/* Clocks are mostly right within seconds; the clock of a machine may be wrong by hours. */
static void
draw_nodes(struct plan *plan, struct chance *chance)
{
	bool drifts = chance_below(chance, 2);

	for (unsigned i = 0; i < NODES; i++) {
		int64_t most_ms = chance_below(chance, 4) ? 2000 : 7200000;

		plan->node[i] = (struct node_plan){
			.forgets = chance_below(chance, 4) == 0,
			.clock_ms = chance_between(chance, -most_ms, most_ms),
			.drift = drifts ? (int)chance_between(chance, -30, 30) : 0,
		};
	}
	plan->has_rivals = chance_below(chance, 2);
	for (unsigned i = 0; i < RIVALS; i++)
		plan->rival[i] = (struct rival_plan){
			.node = (unsigned)chance_below(chance, NODES),
			.begin_ns = chance_between(chance, 0, plan->calm_ns / 2),
		};
	for (unsigned i = 0; i < SPEAKERS_MOST; i++)
		plan->speaker[i].order = (unsigned)chance_below(chance, ORDERS);
	for (unsigned i = 0; i < LISTENERS_MOST; i++)
		plan->listener[i].order = (unsigned)chance_below(chance, ORDERS);
}

static void
add_action(struct plan *plan, struct chance *chance, enum action_kind kind, int64_t number)
{
	if (plan->actions < ACTIONS_MOST)
		plan->action[plan->actions++] = (struct action){
			.kind = kind,
			.time_ns = chance_between(chance, 0, plan->calm_ns),
			.number = number,
			.who = (unsigned)chance_below(chance, NODES),
		};
}

/* Which server it is that something befalls, and what befalls the stream. */
static void
draw_actions(struct plan *plan, struct chance *chance)
{
	for (unsigned i = 0; i < plan->actions; i++)
		if (plan->action[i].kind >= ACTION_KILL_SERVER)
			plan->action[i].who = (unsigned)chance_below(chance, NODES);
	for (int64_t count = draw_rate(chance, 4); count > 0; count--)
		add_action(plan, chance, ACTION_LEADER, chance_scale(chance, AWAY_MS));
	for (int64_t count = draw_rate(chance, 6); count > 0; count--)
		add_action(plan, chance, ACTION_CUT, chance_scale(chance, AWAY_MS));
	for (int64_t count = chance_below(chance, 4) ? 0 : 3; count > 0; count--)
		add_action(plan, chance, ACTION_REMOVE, chance_scale(chance, 100));
	for (int64_t count = chance_below(chance, 3) ? 0 : chance_scale(chance, 40); count > 0;
		count--)
		add_action(plan, chance, ACTION_STRANGER, (int64_t)(chance_next(chance) >> 1));
	if (chance_below(chance, 10) == 0)
		add_action(plan, chance, ACTION_DELETE, 0);
}

/* The number of the first entry, maybe just before the ids need letters; and losses. */
static void
draw_numbers(struct plan *plan, struct chance *chance)
{
	plan->first_entry = 1;
	if (chance_below(chance, 4) == 0)
		plan->first_entry =
			(MESSAGE_NUMBER_HEX >> BATCH_BITS) - (uint64_t)chance_scale(chance, 200);
	for (int64_t count = chance_below(chance, 8) ? 0 : 2; count > 0; count--)
		add_action(plan, chance, ACTION_LOSE, chance_scale(chance, 20));
}

void
plan_draw_cluster(struct plan *plan, struct chance *chance)
{
	plan->is_cluster = true;
	plan->has_tls = plan->has_client_ca = false;
	memset(&plan->walls, 0, sizeof(plan->walls));
	plan->clients = 0;
	draw_stream(plan, chance);
	draw_nodes(plan, chance);
	draw_actions(plan, chance);
	draw_numbers(plan, chance);
}
