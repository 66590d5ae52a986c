/* The actions of a plan: lines to say, and what befalls the programs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/jetstream.h"
#include "simulation/run.h"
#include "simulation/stranger.h"
#include "simulation/tokens.h"

#define RESTART_NS (5 * SECOND)
#define LEADER_CLOCK_MS 700 /* the clocks of leaders differ by less than that */
#define SPOILED_NS (300 * MILLISECOND) /* a spoiled file of tokens is mended after that */

static void
actor_restart_soon(struct actor *actor)
{
	actor->restart_ns = world_now_ns() + chance_scale(world_chance(), RESTART_NS);
}

void
actor_end(struct actor *actor, int signal)
{
	struct started *last;

	if (!actor_is_up(actor))
		return;
	last = &actor->started[actor->count - 1];
	last->killed = true;
	if (signal == SIGKILL)
		world_tally()->kills++;
	process_signal(last->process, signal);
}

void
run_text(const struct run *run, char *text, unsigned speaker, unsigned line)
{
	int len = snprintf(text, TEXT_MOST, "s%u-%u ", speaker, line);
	int more = run->plan->heavy || line % 10 == 3 ? (int)(line * 37 % 900) : 0;

	memset(text + len, 'x', (size_t)more);
	text[len + more] = '\0';
}

static void
say(const struct run *run, struct actor *actor, int64_t lines)
{
	char text[TEXT_MOST + 1];

	if (!actor_is_up(actor) || !actor->input)
		return;
	for (; lines > 0; lines--) {
		size_t len;

		run_text(run, text, actor->number, actor->said);
		len = strlen(text);
		text[len++] = '\n';
		if (actor->input->kind->write(actor->input, text, len) != (ssize_t)len)
			return; /* it does not read: enough */
		actor->said++;
		actor->started[actor->count - 1].lines++;
	}
}

struct process *
run_server(struct run *run, unsigned node)
{
	return run->server[node].started[run->server[node].count - 1].process;
}

bool
run_has_started(const struct run *run)
{
	return run->server[0].count > 0;
}

/* The server ends now, or soon by SIGTERM. Without a journal it keeps nothing. The stream of a
 * cluster keeps everything. */
static void
end_server(struct run *run, unsigned node, int signal, bool power)
{
	const struct plan *plan = run->plan;
	size_t printed;

	disk_bytes("/server-0-0", &printed);
	if (!plan->is_cluster && (!plan->has_journal || (power && plan->sync != SYNC_ALWAYS)))
		run->losses[run->loss_count++] = (struct loss){printed};
	actor_end(&run->server[node], signal);
	if (power)
		disk_lose_power(run_journal(node));
	if (power && plan->is_cluster && (plan->sync != SYNC_ALWAYS || plan_disk_fails(plan)))
		disk_empty_dir(run_journal(node)); /* a part of it may be lost: it begins anew */
	actor_restart_soon(&run->server[node]);
}

/* Changes a bit of the journal's newest index file but a few. */
static void
flip_bit(const char *journal, int64_t number)
{
	struct file *dir, *file;
	const char *name, *found = NULL;
	size_t len;
	char byte;

	if (disk_open(journal, O_RDONLY, &dir) < 0)
		return;
	for (size_t i = 0; (name = disk_name(dir, i)); i++)
		if (strstr(name, ".index") && (!found || number >> i % 64 & 1))
			found = name;
	if (found && disk_open_at(dir, found, O_RDWR, &file) == 0) {
		struct stat status = {0};

		file->kind->status(file, &status);
		len = (size_t)status.st_size;
		if (len && disk_read_at(file, &byte, 1, number % (int64_t)len) == 1) {
			byte ^= (char)(1 << (number >> 40 & 7));
			disk_write_at(file, &byte, 1, number % (int64_t)len);
			world_trace("a bit of %s is changed", found);
		}
		file_unref(file);
	}
	file_unref(dir);
}

static void
reload_server(struct run *run)
{
	for (unsigned node = 0; node < plan_nodes(run->plan); node++)
		process_signal(run_server(run, node), SIGHUP);
}

/* The file of tokens changes, and the server is told. */
static void
reload(struct run *run, int64_t which)
{
	tokens_write(which);
	reload_server(run);
}

struct mending {
	struct run *run;
	int64_t which;
};

static void
on_mended(void *arg)
{
	struct mending *mending = arg;

	if (!world_is_ending())
		reload(mending->run, mending->which);
	free(mending);
}

/* The operator makes a mistake at first, in one of two cases. */
static void
reload_by_operator(struct run *run, int64_t which)
{
	struct mending *mending = malloc(sizeof(*mending));

	if (!mending)
		abort();
	*mending = (struct mending){run, which};
	if ((which & 1) && world_now_ns() + SECOND < run->plan->calm_ns) {
		tokens_spoil(which >> 1);
		reload_server(run);
	}
	world_at(world_now_ns() + SPOILED_NS, on_mended, mending);
}

void
run_renew(struct run *run, unsigned number, enum certificate_state state)
{
	if (!run->plan->has_tls)
		return;
	certificate_write(number, state);
	reload_server(run);
}

static int64_t
after_ns(const struct action *action)
{
	return world_now_ns() + action->number * MILLISECOND;
}

static int64_t
after_or_calm_ns(const struct run *run, const struct action *action)
{
	int64_t time_ns = after_ns(action);

	return time_ns < run->plan->calm_ns ? time_ns : run->plan->calm_ns;
}

/* All nats-servers lose power, and are back a moment later. */
static void
lose_entries(struct run *run, const struct action *action)
{
	int64_t until_ns = world_now_ns() + chance_scale(world_chance(), RESTART_NS);

	jetstream_lose((uint64_t)action->number);
	jetstream_change_leader(until_ns, action->number % LEADER_CLOCK_MS);
	for (unsigned node = 0; node < NODES; node++)
		shared_log_cut(
			run_server(run, node), until_ns + chance_scale(world_chance(), RESTART_NS));
}

void
run_act(struct run *run, const struct action *action)
{
	switch (action->kind) {
	case ACTION_SAY:
		say(run, &run->speaker[action->who], action->number);
		break;
	case ACTION_KILL_SPEAKER:
		actor_end(&run->speaker[action->who], SIGKILL);
		actor_restart_soon(&run->speaker[action->who]);
		break;
	case ACTION_KILL_LISTENER:
		actor_end(&run->listener[action->who], (int)action->number);
		actor_restart_soon(&run->listener[action->who]);
		break;
	case ACTION_PAUSE_LISTENER:
		run->listener[action->who].paused_until_ns =
			world_now_ns() + action->number * MILLISECOND;
		break;
	case ACTION_KILL_SERVER:
		end_server(run, action->who, (int)action->number, false);
		break;
	case ACTION_LOSE_POWER:
		end_server(run, action->who, SIGKILL, true);
		break;
	case ACTION_FLIP_BIT:
		flip_bit(run_journal(action->who), action->number);
		break;
	case ACTION_ROTATE:
		process_signal(run_server(run, action->who), SIGUSR2);
		break;
	case ACTION_METRICS:
		process_signal(run_server(run, action->who), SIGUSR1);
		break;
	case ACTION_RESET:
		sockets_reset(run_server(run, action->who));
		break;
	case ACTION_HOLD:
		sockets_hold(run_server(run, action->who), after_ns(action));
		break;
	case ACTION_RENEW:
		run_renew(run, (unsigned)(action->number % CERTIFICATES),
			(enum certificate_state)(action->number / CERTIFICATES));
		break;
	case ACTION_RELOAD:
		reload_by_operator(run, action->number);
		break;
	case ACTION_LEADER:
		jetstream_change_leader(
			after_or_calm_ns(run, action), action->number % LEADER_CLOCK_MS);
		break;
	case ACTION_CUT:
		shared_log_cut(run_server(run, action->who), after_or_calm_ns(run, action));
		break;
	case ACTION_REMOVE:
		jetstream_remove((uint64_t)action->number);
		break;
	case ACTION_LOSE:
		lose_entries(run, action);
		break;
	case ACTION_STRANGER:
		stranger_act((uint64_t)action->number);
		break;
	case ACTION_DELETE:
		jetstream_delete();
		break;
	default:
		world_step_clock(action->number * MILLISECOND);
	}
}
