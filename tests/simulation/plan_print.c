/* Tells a plan as a story. */
#include <stdio.h>

#include "simulation/certificate.h"
#include "simulation/plan.h"

static void
print_action(const struct action *action)
{
	static const char *const states[] = {"which is good", "which is cut", "whose key is cut",
		"with the other's key", "whose key is locked", "which is missing",
		"and the authority of its clients is cut"};
	long long number = (long long)action->number;

	printf("  %9.3f s  ", (double)action->time_ns / 1e9);
	switch (action->kind) {
	case ACTION_SAY:
		printf("speaker %u has %lld lines to say\n", action->who, number);
		break;
	case ACTION_KILL_SPEAKER:
		printf("speaker %u is killed\n", action->who);
		break;
	case ACTION_KILL_LISTENER:
		printf("listener %u gets signal %lld\n", action->who, number);
		break;
	case ACTION_PAUSE_LISTENER:
		printf("the output of listener %u is not read for %lld ms\n", action->who, number);
		break;
	case ACTION_KILL_SERVER:
		printf("server %u gets signal %lld\n", action->who, number);
		break;
	case ACTION_LOSE_POWER:
		printf("the machine of server %u loses its power\n", action->who);
		break;
	case ACTION_FLIP_BIT:
		printf("a bit of an index file of server %u changes\n", action->who);
		break;
	case ACTION_ROTATE:
		printf("server %u begins a new segment\n", action->who);
		break;
	case ACTION_METRICS:
		printf("server %u says its metrics\n", action->who);
		break;
	case ACTION_RESET:
		printf("all connections of server %u are reset\n", action->who);
		break;
	case ACTION_HOLD:
		printf("nothing gets through to server %u for %lld ms\n", action->who, number);
		break;
	case ACTION_RENEW:
		printf("the server gets certificate %lld, %s\n", number % CERTIFICATES,
			states[number / CERTIFICATES]);
		break;
	case ACTION_RELOAD:
		printf("the server reads other tokens (%llx)\n", (unsigned long long)number);
		break;
	case ACTION_LEADER:
		printf("the stream has no leader for %lld ms\n", number);
		break;
	case ACTION_CUT:
		printf("server %u has no connection to the stream for %lld ms\n", action->who,
			number);
		break;
	case ACTION_REMOVE:
		printf("the stream removes %lld entries\n", number);
		break;
	case ACTION_LOSE:
		printf("the nats-servers lose power, and the stream %lld entries\n", number);
		break;
	case ACTION_STRANGER:
		printf("a stranger publishes something (%llx)\n", (unsigned long long)number);
		break;
	case ACTION_DELETE:
		printf("the stream is deleted\n");
		break;
	default:
		printf("the wall clock is set by %lld ms\n", number);
	}
}

static void
print_faults(const struct faults *faults)
{
	printf("faults in 1000: short read %u, short write %u, delay %u (to %lld ms), socket "
	       "buffers to %lld bytes, no socket %u, %s %u\n",
		faults->short_read, faults->short_write, faults->delay,
		(long long)(faults->delay_ns / MILLISECOND), (long long)faults->socket_bytes,
		faults->accept_error, faults->has_ring ? "io_uring with errors" : "no io_uring",
		faults->ring_error);
	printf("  disk: short write %u, full %u, error %u, open %u, sync error %u, slow sync %u "
	       "(to %lld ms)\n",
		faults->disk_short, faults->disk_full, faults->disk_error, faults->open_error,
		faults->sync_error, faults->sync_slow, (long long)(faults->sync_ns / MILLISECOND));
}

static void
print_cluster(const struct plan *plan)
{
	const struct faults *faults = &plan->faults;

	printf("a cluster; its stream, in 1000: late %u (to %lld ms), lost %u, twice %u, away %u, "
	       "refused %u, not heard %u\n",
		faults->stream_late, (long long)(faults->stream_ns / MILLISECOND),
		faults->stream_lost, faults->stream_twice, faults->stream_away,
		faults->stream_refused, faults->stream_says);
	printf("its entries have numbers from %llu on\n", (unsigned long long)plan->first_entry);
	for (unsigned i = 0; i < NODES; i++)
		printf("server %u: clocks %+lld ms, %+d in 1000%s\n", i,
			(long long)plan->node[i].clock_ms, plan->node[i].drift,
			plan->node[i].forgets ? ", no journal" : "");
	for (unsigned i = 0; plan->has_rivals && i < RIVALS; i++)
		printf("rival %u: at server %u from %.3f s on\n", i, plan->rival[i].node,
			(double)plan->rival[i].begin_ns / 1e9);
}

void
plan_print(const struct plan *plan)
{
	static const char *const syncs[] = {"always", "batch", "never"};

	printf("seed %llu: %s%s, history %u, segments of %u KiB, queues of %u KiB%s\n",
		(unsigned long long)plan->seed,
		plan->has_journal ? "a journal with --sync=" : "no journal",
		plan->has_journal ? syncs[plan->sync] : "", plan->history, plan->segment_kib,
		plan->queue_kib, plan->heavy ? ", long texts" : "");
	if (plan->has_tls)
		printf("TLS: certificate %u%s%s\n", plan->certificate,
			plan->has_key_file ? ", its key in another file" : "",
			plan->has_client_ca ? ", clients have certificates" : "");
	if (plan->is_cluster)
		print_cluster(plan);
	walls_print(&plan->walls);
	print_faults(&plan->faults);
	for (unsigned i = 0; i < plan->speakers; i++)
		printf("speaker %u: channel %u, window %u\n", i, plan->speaker[i].channel,
			plan->speaker[i].window);
	for (unsigned i = 0; i < plan->listeners; i++)
		printf("listener %u: channel %u, %s, %s\n", i, plan->listener[i].channel,
			plan->listener[i].has_cursor ? "with a cursor" : "without a cursor",
			plan->listener[i].to_pipe ? "to a pipe" : "to a file");
	if (plan->adversaries)
		printf("%u adversaries\n", plan->adversaries);
	for (unsigned i = 0; i < plan->clients; i++)
		plan_print_client(&plan->client[i], i);
	for (unsigned i = 0; i < plan->actions; i++)
		print_action(&plan->action[i]);
	printf("  %9.3f s  calm\n", (double)plan->calm_ns / 1e9);
}
