/* Plays a plan: the programs are started, the actions happen, and what was said must arrive. */
#include "simulation/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/jetstream.h"
#include "simulation/tokens.h"

#define STEPS_MOST 3000000 /* of a run; more is a loop without end */
/* Within this time after the calm everything has arrived: a server that had died is started again,
 * and a client waits for 30 s at most. */
#define LIVELY_NS (40 * SECOND)
/* The same if something is slow, or if clients wait a minute for a message that is lost. */
#define LATE_NS (600 * SECOND)
#define SLICE_NS (200 * MILLISECOND)
#define DAMAGED 65 /* the exit status of a server whose journal is damaged */
#define OTHER_STREAM 64 /* the same if its journal has what the stream does not have */
#define NO_STREAM 75 /* the same if its journal is of a stream that is gone */

/* The callbacks of world_at() have one argument. */
struct order {
	struct run *run;
	const struct action *action;
	struct actor *actor;
};

static struct order *
order_new(struct run *run, const struct action *action, struct actor *actor)
{
	struct order *order = malloc(sizeof(*order));

	if (!order)
		abort();
	*order = (struct order){run, action, actor};
	return order;
}

void
run_fail(struct run *run, const char *format, ...)
{
	va_list list;

	if (*run->fault)
		return;
	va_start(list, format);
	vsnprintf(run->fault, sizeof(run->fault), format, list);
	va_end(list);
	world_trace("FAULT: %s", run->fault);
}

/* ---- what happens at its time ---- */

static void
on_reader(void *arg)
{
	struct order *order = arg;
	struct run *run = order->run;
	const struct listener_plan *plan = &run->plan->listener[order->actor->number];

	if (run->done || world_is_ending()) {
		free(order);
		return;
	}
	if (order->actor->paused_until_ns <= world_now_ns())
		actor_take_output(order->actor, run->calm ? SIZE_MAX : (size_t)plan->read_bytes);
	world_at(world_now_ns() + (run->calm ? 50 : 5) * MILLISECOND, on_reader, order);
}

static void
on_action(void *arg)
{
	struct order *order = arg;
	struct order copy = *order;

	free(order);
	if (world_is_ending())
		return;
	run_act(copy.run, copy.action);
}

static void
end_adversaries(struct run *run)
{
	for (unsigned i = 0; i < run->plan->adversaries; i++)
		actor_end(&run->adversary[i], SIGKILL);
}

static void
on_calm(void *arg)
{
	struct order *order = arg;
	struct run *run = order->run;
	bool has_ring = world_faults()->has_ring;

	free(order);
	if (world_is_ending())
		return;
	world_trace("calm");
	*world_faults() = (struct faults){.socket_bytes = SOCKET_BYTES, .has_ring = has_ring};
	run->calm = true;
	run_renew(run, run->plan->certificate, CERTIFICATE_GOOD);
	if (walls_are_tight(&run->plan->walls))
		end_adversaries(run);
}

/* ---- the whole ---- */

static void
on_slice(void *arg)
{
	(void)arg;
	world_stop();
}

/* Lets the world go on for a while. Returns false if it cannot. */
static bool
go_on(struct run *run)
{
	world_at(world_now_ns() + SLICE_NS, on_slice, NULL);
	if (world_run(STEPS_MOST))
		return true;
	run_fail(run, "the programs do not come to rest");
	return false;
}

/* The server does not start with damaged files, unless it is told to repair them. A server of a
 * cluster gets an empty directory instead, and copies everything again. */
static void
note_damage(struct run *run, unsigned node)
{
	size_t printed;

	if (run->plan->sync == SYNC_ALWAYS && !plan_disk_fails(run->plan))
		run_fail(run, "the journal is damaged, although every message was synced");
	if (run->plan->is_cluster) {
		disk_empty_dir(run_journal(node));
		return;
	}
	run->server[node].repairs = true;
	disk_bytes("/server-0-0", &printed);
	run->losses[run->loss_count++] = (struct loss){printed};
}

/* After the stream was deleted, or has lost entries, no server goes on with a journal that has what
 * the stream does not have: the operator empties the directory. */
static bool
is_of_other_stream(const struct run *run, int status)
{
	bool is_deleted = plan_has(run->plan, ACTION_DELETE);

	return (status == OTHER_STREAM && (is_deleted || plan_loses_entries(run->plan))) ||
		(status == NO_STREAM && is_deleted);
}

static void
keep_server(struct run *run, unsigned node)
{
	struct actor *server = &run->server[node];
	struct started *last = &server->started[server->count - 1];
	int status;

	if (actor_is_up(server) || server->count == RUNS_MOST)
		return;
	status = process_status(last->process);
	if (status == DAMAGED && !last->missed)
		note_damage(run, node);
	else if (is_of_other_stream(run, status) && !last->missed)
		disk_empty_dir(run_journal(node)); /* as the manual says */
	else if (status != DAMAGED && run->calm && !last->killed && !last->missed &&
		last->begun_ns > run->plan->calm_ns)
		run_fail(run, "server %u ended with %d although nothing was wrong", node, status);
	if (!last->missed && !last->killed)
		server->restart_ns = world_now_ns() + SECOND;
	last->missed = true;
	if (world_now_ns() >= server->restart_ns)
		run_start_server(run, node);
}

/* A server that has ended is started again; who cannot start in calm is a fault. */
static void
keep_servers(struct run *run)
{
	for (unsigned node = 0; node < plan_nodes(run->plan); node++)
		keep_server(run, node);
}

/* A rival that the other one has sent away comes again. */
static void
keep_rivals(struct run *run)
{
	for (unsigned i = 0; run->plan->has_rivals && i < RIVALS; i++) {
		struct actor *actor = &run->rival[i];

		if (world_now_ns() < run->plan->rival[i].begin_ns || actor_is_up(actor))
			continue;
		if (!actor->restart_ns)
			actor->restart_ns = world_now_ns() + 2 * SECOND;
		if (actor->count && world_now_ns() < actor->restart_ns)
			continue;
		actor->restart_ns = 0;
		run_start_rival(run, i);
	}
}

static void
keep_speakers(struct run *run)
{
	for (unsigned i = 0; i < run->plan->speakers; i++) {
		struct actor *actor = &run->speaker[i];
		const struct started *last = &actor->started[actor->count - 1];

		if (run->plan->speaker[i].absent || actor_is_up(actor))
			continue;
		if (!last->killed)
			run_fail(run, "speaker %u ended with %d", i, process_status(last->process));
		else if (world_now_ns() >= actor->restart_ns)
			run_start_speaker(run, actor);
	}
}

static void
keep_listeners(struct run *run)
{
	for (unsigned i = 0; i < run->plan->listeners; i++) {
		struct actor *actor = &run->listener[i];
		const struct started *last = &actor->started[actor->count - 1];

		if (run->plan->listener[i].absent || actor_is_up(actor))
			continue;
		if (!last->killed)
			run_fail(
				run, "listener %u ended with %d", i, process_status(last->process));
		else if (world_now_ns() >= actor->restart_ns)
			run_start_listener(run, actor);
	}
}

static bool
speakers_are_done(const struct run *run)
{
	for (unsigned i = 0; i < run->plan->speakers; i++)
		if (actor_is_up(&run->speaker[i]))
			return false;
	return true;
}

static void
let_speakers_finish(struct run *run)
{
	bool is_slow = plan_is_slow(run->plan) || plan_loses_entries(run->plan);
	int64_t until_ns = world_now_ns() + (is_slow ? LATE_NS : LIVELY_NS);

	for (unsigned i = 0; i < run->plan->speakers; i++) {
		struct actor *actor = &run->speaker[i];

		if (actor->input)
			file_unref(actor->input);
		actor->input = NULL;
	}
	while (!speakers_are_done(run) && world_now_ns() < until_ns && go_on(run)) {
		keep_servers(run);
		keep_listeners(run);
		keep_rivals(run);
	}
	if (!speakers_are_done(run))
		run_fail(run, "a speaker does not come to an end in calm");
}

static void
let_pass(struct run *run, int64_t ns)
{
	int64_t until_ns = world_now_ns() + ns;

	while (world_now_ns() < until_ns && go_on(run)) {
		keep_servers(run);
		keep_listeners(run);
		keep_rivals(run);
	}
}

/* The server says so if it has removed messages, or a segment is gone by a loss of power. */
static bool
may_have_gap(const struct run *run)
{
	return walls_remove(&run->plan->walls) || plan_forgets_entries(run->plan) ||
		plan_loses_entries(run->plan) || run->plan->first_entry > 1 ||
		(run->plan->has_journal && run->loss_count);
}

static void
check_reading(struct run *run, unsigned node, unsigned channel)
{
	const struct actor *actor = &run->final[node][channel];
	int status = actor_is_up(actor) ? -1 : process_status(actor->started[0].process);

	if (status != 0 && !(status == EXIT_GAP && may_have_gap(run)))
		run_fail(run, "reading all of channel %u of server %u ends with %d", channel, node,
			status);
}

static void
read_everything_of(struct run *run, unsigned node)
{
	const struct actor *final = run->final[node];

	for (unsigned i = 0; i < CHANNELS; i++)
		run_start_final(run, node, i);
	for (int turn = 0; turn < 1500 && (actor_is_up(&final[0]) || actor_is_up(&final[1]));
		turn++)
		if (!go_on(run))
			break;
	for (unsigned i = 0; i < CHANNELS; i++)
		check_reading(run, node, i);
}

static void
read_everything(struct run *run)
{
	for (unsigned node = 0; node < plan_nodes(run->plan); node++)
		read_everything_of(run, node);
}

static void
end_server(struct run *run, unsigned node)
{
	actor_end(&run->server[node], SIGTERM);
	for (int turn = 0; turn < 100 && actor_is_up(&run->server[node]); turn++)
		if (!go_on(run))
			return;
	for (int turn = 0; turn < 10 && go_on(run); turn++)
		;
	if (actor_is_up(&run->server[node]))
		run_fail(run, "server %u does not end by SIGTERM", node);
	else if (process_status(run_server(run, node)) != 0)
		run_fail(run, "server %u ends with %d by SIGTERM", node,
			process_status(run_server(run, node)));
}

static void
end_all(struct run *run)
{
	for (unsigned i = 0; i < run->plan->listeners; i++)
		actor_end(&run->listener[i], SIGTERM);
	for (unsigned i = 0; i < RIVALS; i++)
		actor_end(&run->rival[i], SIGTERM);
	for (unsigned node = 0; node < plan_nodes(run->plan); node++)
		end_server(run, node);
	for (unsigned i = 0; i < run->plan->listeners; i++)
		if (actor_is_up(&run->listener[i]))
			run_fail(run, "listener %u does not end by SIGTERM", i);
}

static void
start_validators(struct run *run)
{
	char path[64];

	for (unsigned node = 0; node < plan_nodes(run->plan); node++) {
		run_server_path(run, path, sizeof(path), node, run->server[node].count - 1);
		run_start_validator(run, node, path);
	}
	for (unsigned i = 0; i < run->plan->listeners; i++) {
		const struct listener_plan *plan = &run->plan->listener[i];

		run_path(path, sizeof(path), "heard", i, 0);
		/* A listener that has heard what was lost hears other messages with the same ids.
		 */
		if (!plan->absent && !plan->to_pipe && !actor_was_killed(&run->listener[i]) &&
			!plan_loses_entries(run->plan) && !plan_has(run->plan, ACTION_DELETE))
			run_start_validator(run, NODES + i, path);
	}
}

static void
check_validator(struct run *run, unsigned number)
{
	char path[64];
	const char *findings;
	size_t len;

	if (!run->validator[number].count)
		return;
	run_path(path, sizeof(path), "findings", number, 0);
	findings = disk_bytes(path, &len);
	if (actor_is_up(&run->validator[number]))
		run_fail(run, "chat-validate does not come to an end");
	else if (process_status(run->validator[number].started[0].process) != 0)
		run_fail(run, "chat-validate finds %.*s", len ? (int)strcspn(findings, "\n") : 0,
			findings);
}

/* Lets chat-validate read what the server has printed, and each listener that repeats nothing. If
 * the clock was set, a server that has lost messages does not know how far their time was. */
static void
validate(struct run *run)
{
	if (plan_has(run->plan, ACTION_STEP_CLOCK) &&
		(run->loss_count || plan_disk_fails(run->plan)))
		return;
	start_validators(run);
	for (int turn = 0; turn < 10 && go_on(run); turn++)
		;
	for (unsigned i = 0; i < VALIDATORS; i++)
		check_validator(run, i);
}

/* The clients that are still there end soon when they are told to. */
static void
end_clients(struct run *run)
{
	int64_t until_ns = world_now_ns() + 10 * SECOND;

	clients_end(run);
	while (clients_are_up(run) && world_now_ns() < until_ns && go_on(run))
		keep_servers(run);
	for (unsigned i = 0; i < run->plan->clients; i++)
		if (actor_is_up(&run->client[i]))
			run_fail(run, "client %u does not end by SIGTERM", i);
}

static void
begin(struct run *run)
{
	const struct plan *plan = run->plan;

	world_begin(plan->seed);
	*world_faults() = plan->faults;
	if (plan->is_cluster)
		jetstream_count_from(plan->first_entry);
	for (unsigned node = 0; node < plan_nodes(plan); node++)
		disk_make_dir(run_journal(node));
	if (plan->has_tls)
		certificate_write(plan->certificate, CERTIFICATE_GOOD);
	disk_make_null();
	if (walls_have(&plan->walls, WALL_TOKENS))
		tokens_write(-1);
	for (unsigned node = 0; node < plan_nodes(plan); node++)
		run_start_server(run, node);
	for (unsigned i = 0; i < plan->speakers; i++) {
		run->speaker[i].number = i;
		if (!plan->speaker[i].absent)
			run_start_speaker(run, &run->speaker[i]);
	}
	for (unsigned i = 0; i < plan->listeners; i++) {
		run->listener[i].number = i;
		if (plan->listener[i].absent)
			continue;
		run_start_listener(run, &run->listener[i]);
		if (plan->listener[i].to_pipe)
			world_at(0, on_reader, order_new(run, NULL, &run->listener[i]));
	}
	for (unsigned i = 0; i < plan->adversaries; i++)
		run_start_adversary(run, i);
	clients_begin(run);
	for (unsigned i = 0; i < plan->actions; i++)
		world_at(
			plan->action[i].time_ns, on_action, order_new(run, &plan->action[i], NULL));
	world_at(plan->calm_ns, on_calm, order_new(run, NULL, NULL));
}

/* Writes the files of the simulated disk to a directory of the real one. */
static void
keep_files_of(const char *dir, const char *prefix, const char *to)
{
	struct file *names;
	const char *name;

	if (disk_open(dir, O_RDONLY, &names) < 0)
		return;
	for (size_t i = 0; (name = disk_name(names, i)); i++) {
		char path[512];
		const char *bytes;
		size_t len;
		FILE *out;

		snprintf(path, sizeof(path), "%s/%s", dir, name);
		bytes = disk_bytes(path, &len);
		snprintf(path, sizeof(path), "%s/%s%s", to, prefix, name);
		out = fopen(path, "w");
		if (!out || fwrite(bytes, 1, len, out) != len || fclose(out) != 0)
			perror(path);
	}
	file_unref(names);
}

static void
keep_files(const char *to)
{
	char prefix[32];

	keep_files_of("", "", to);
	for (unsigned node = 0; node < NODES; node++) {
		snprintf(prefix, sizeof(prefix), "journal-%u-", node);
		keep_files_of(run_journal(node), prefix, to);
	}
}

static void
free_actor(struct actor *actor)
{
	if (actor->input)
		file_unref(actor->input);
	if (actor->output)
		file_unref(actor->output);
	free(actor->printed.at);
}

void
run_play(struct run *run, const struct plan *plan, const char *keep_dir)
{
	memset(run, 0, sizeof(*run));
	run->plan = plan;
	run->keep_dir = keep_dir;
	begin(run);
	while (!run->calm && go_on(run)) {
		keep_servers(run);
		keep_speakers(run);
		keep_listeners(run);
		keep_rivals(run);
	}
	let_speakers_finish(run);
	let_pass(run, 90 * SECOND); /* listeners that wait to connect again have done so */
	end_adversaries(run);
	end_clients(run);
	let_pass(run, SECOND);
	if (plan->is_cluster && !shared_log_is_of_now())
		run_fail(run, "a server goes on with a stream that was deleted");
	for (unsigned node = 0; node < plan_nodes(plan); node++)
		process_signal(run_server(run, node), SIGUSR1);
	read_everything(run);
	end_all(run);
	validate(run);
	run->done = true;
	if (!*run->fault)
		model_check(run);
	if (!*run->fault)
		clients_check(run);
	if (run->keep_dir)
		keep_files(run->keep_dir);
	run->ended_ns = world_now_ns();
	run->tally = *world_tally();
	run->hash = world_hash();
	for (unsigned i = 0; i < SPEAKERS_MOST; i++)
		free_actor(&run->speaker[i]);
	for (unsigned i = 0; i < LISTENERS_MOST; i++)
		free_actor(&run->listener[i]);
	for (unsigned i = 0; i < CLIENTS_MOST; i++)
		free_actor(&run->client[i]);
	world_end();
}
