/* Measures the cost to the server of a connection on which nothing happens. */
#include <stdio.h>

#include "command/diag.h"
#include "load.h"
#include "load_peer.h"
#include "load_usage.h"

#define QUIET_MS 1000 /* of nothing received: the server is done with the joins */

/*
 * The first channel is the warm-up: what a server sets up once is in its memory by then. All
 * members are seen by the others of their channel, so that the server holds their names.
 */
void
load_idle(const struct load *load)
{
	struct peers peers;
	uint64_t before, after;
	int64_t first = load->per_channel < load->idle ? load->per_channel : 1;

	if (load->pid_count != 1)
		chat_die_usage("--idle needs one --pid");
	peers_init(&peers, load, (size_t)load->idle);
	peers.per_channel = (uint32_t)load->per_channel;
	peers_open(&peers, (size_t)first);
	peers_settle(&peers, QUIET_MS);
	before = usage_rss_bytes(load->pid[0]);
	peers_open(&peers, (size_t)load->idle);
	peers_settle(&peers, QUIET_MS);
	after = usage_rss_bytes(load->pid[0]);
	printf("{\"mode\":\"idle\",\"connections\":%lld,\"per_channel\":%lld,"
	       "\"rss_before_bytes\":%llu,\"rss_bytes\":%llu,\"rss_per_connection\":%.1f}\n",
		(long long)load->idle, (long long)load->per_channel, (unsigned long long)before,
		(unsigned long long)after,
		((double)after - (double)before) / (double)(load->idle - first));
	peers_free(&peers);
}
