/* The causes for which a server may refuse or drop somebody honest. */
#include "simulation/causes.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "simulation/lines.h"

struct member {
	const struct run *run;
	const char *who;
	unsigned number;
	bool reads_slowly; /* its output is a pipe that is read slowly, or not at all */
	bool stays; /* it is there when the server is told to end */
};

typedef bool cause_fn(const struct member *member);

static bool
disk_fails(const struct member *member)
{
	const struct plan *plan = member->run->plan;

	return plan->has_journal && (plan_disk_fails(plan) || plan->faults.sync_slow);
}

static bool
is_not_stored(const struct member *member)
{
	return disk_fails(member) || member->run->plan->faults.stream_refused;
}

static bool
stream_is_away(const struct member *member)
{
	const struct faults *faults = &member->run->plan->faults;

	return plan_has(member->run->plan, ACTION_LEADER) ||
		plan_has(member->run->plan, ACTION_CUT) ||
		plan_has(member->run->plan, ACTION_DELETE) ||
		plan_loses_entries(member->run->plan) || faults->stream_away ||
		faults->stream_lost || faults->stream_late || faults->stream_refused;
}

static bool
network_is_slow(const struct member *member)
{
	const struct plan *plan = member->run->plan;

	return member->reads_slowly || plan->faults.delay || plan_has_slow_sockets(plan) ||
		plan_has(plan, ACTION_HOLD);
}

static bool
server_ends(const struct member *member)
{
	return plan_has(member->run->plan, ACTION_KILL_SERVER) ||
		plan_has(member->run->plan, ACTION_DELETE) || member->stays ||
		plan_loses_entries(member->run->plan) ||
		(member->run->plan->is_cluster && disk_fails(member));
}

static bool
server_forgets(const struct member *member)
{
	return member->run->loss_count || plan_disk_fails(member->run->plan);
}

static bool
server_misses(const struct member *member)
{
	return server_forgets(member) || walls_remove(&member->run->plan->walls) ||
		plan_forgets_entries(member->run->plan) || plan_loses_entries(member->run->plan) ||
		member->run->plan->first_entry > 1;
}

static bool
server_is_lost(const struct member *member)
{
	return member->run->server[0].count > 1 || server_forgets(member);
}

/* The words of a line, and the cause that there must be for them. */
static const struct {
	const char *words;
	cause_fn *cause;
} causes[] = {
	{": storage_failed: ", is_not_stored},
	{": unavailable: the cluster has not stored the message in time", stream_is_away},
	{": slow_consumer: ", network_is_slow},
	{": the message took too long to arrive", network_is_slow},
	{": shutting_down: ", server_ends},
	{": messages may be missing ", server_misses},
	{": may or may not have been accepted", server_is_lost},
};

static bool
has_cause(const struct member *member, struct chat_span line)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (memmem(line.at, line.len, causes[i].words, strlen(causes[i].words)))
			return causes[i].cause(member);
	return false;
}

static void
check(struct run *run, const struct member *member)
{
	char path[64], what[32];
	struct chat_span rest, line;

	snprintf(what, sizeof(what), "%s-errors", member->who);
	run_path(path, sizeof(path), what, member->number, 0);
	rest.at = disk_bytes(path, &rest.len);
	while (rest.at && line_next(&rest, &line))
		if (!has_cause(member, line))
			run_fail(run, "%s %u has no cause to say \"%.*s\"", member->who,
				member->number, line.len < 200 ? (int)line.len : 200, line.at);
}

void
causes_check(struct run *run)
{
	for (unsigned i = 0; i < run->plan->speakers; i++)
		check(run, &(struct member){run, "speaker", i, false, false});
	for (unsigned i = 0; i < run->plan->listeners; i++)
		check(run,
			&(struct member){run, "listener", i, run->plan->listener[i].to_pipe, true});
}
