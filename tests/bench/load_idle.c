/* Measures the cost to the server of a connection on which nothing happens. */
#include <stdio.h>

#include "command/diag.h"
#include "load.h"
#include "load_peer.h"
#include "load_usage.h"

#define QUIET_MS 1000 /* of nothing received: the server is done with the joins */

/*
 * Of a connection there are two figures: its part of all that the server has more than before the
 * first one, and what each one costs after the first channel, when what the server sets up once is
 * in its memory. All members are seen by the others of their channel, so that the server holds
 * their names.
 */
void
load_idle(const struct load *load)
{
	struct peers peers;
	uint64_t start, before, after, cpu_ns, wall_ns;
	int64_t first = load->per_channel < load->idle ? load->per_channel : 1;

	if (load->pid_count != 1)
		chat_die_usage("--idle needs one --pid");
	peers_init(&peers, load, (size_t)load->idle);
	peers.per_channel = (uint32_t)load->per_channel;
	start = usage_rss_bytes(load->pid[0]);
	peers_open(&peers, (size_t)first);
	peers_settle(&peers, QUIET_MS);
	before = usage_rss_bytes(load->pid[0]);
	wall_ns = usage_now_ns();
	cpu_ns = load_servers_cpu_ns(load);
	peers_open(&peers, (size_t)load->idle);
	wall_ns = usage_now_ns() - wall_ns;
	peers_settle(&peers, QUIET_MS);
	cpu_ns = load_servers_cpu_ns(load) - cpu_ns;
	after = usage_rss_bytes(load->pid[0]);
	printf("{\"mode\":\"idle\",\"connections\":%lld,\"per_channel\":%lld,\"open_s\":%.3f,"
	       "\"server_us_per_connection\":%.1f,"
	       "\"rss_start_bytes\":%llu,\"rss_bytes\":%llu,\"rss_per_connection\":%.1f,"
	       "\"rss_per_connection_more\":%.1f}\n",
		(long long)load->idle, (long long)load->per_channel, (double)wall_ns / 1e9,
		(double)cpu_ns / 1e3 / (double)(load->idle - first), (unsigned long long)start,
		(unsigned long long)after, ((double)after - (double)start) / (double)load->idle,
		((double)after - (double)before) / (double)(load->idle - first));
	peers_free(&peers);
}
