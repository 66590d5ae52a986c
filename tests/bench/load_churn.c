/* Measures the cost to the server when a client joins and leaves, alone or beside others who stay.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "command/diag.h"
#include "load.h"
#include "load_peer.h"
#include "load_usage.h"

#define EVENTS 256
#define STUCK_MS 20000

struct churn {
	struct peers peers; /* in the first slots those who stay */
	size_t stay;
	int64_t begun, ended, wanted; /* of those who come and go */
};

static void
churn_begin(struct churn *churn, size_t slot)
{
	peer_start(&churn->peers, slot, (uint32_t)churn->stay + (uint32_t)churn->begun++);
}

static void
churn_event(struct churn *churn, size_t slot)
{
	struct peer *peer = &churn->peers.at[slot];

	peer_progress(&churn->peers, peer);
	if (slot < churn->stay)
		return;
	if (peer->state == PEER_READY)
		peer_leave(peer);
	if (peer->state != PEER_GONE)
		return;
	churn->ended++;
	if (churn->begun < churn->wanted)
		churn_begin(churn, slot);
}

/* Goes on until so many have ended. */
static void
churn_until(struct churn *churn, int64_t ended)
{
	struct epoll_event events[EVENTS];

	while (churn->ended < ended) {
		int count = epoll_wait(churn->peers.epoll, events, EVENTS, STUCK_MS);

		if (count < 0 && errno != EINTR)
			chat_die(1, "epoll_wait: %m");
		if (count == 0)
			chat_die(1, "nothing happens after %lld connections",
				(long long)churn->ended);
		for (int i = 0; i < count; i++)
			churn_event(churn, events[i].data.u32);
	}
}

/* The first tenth is the warm-up. */
void
load_churn(const struct load *load)
{
	struct churn churn = {.wanted = load->churn, .stay = (size_t)load->beside};
	int64_t first = load->churn / 10;
	uint64_t cpu, own, start, wall;

	peers_init(&churn.peers, load, churn.stay + (size_t)load->at_once);
	churn.peers.hidden = !load->seen;
	peers_open(&churn.peers, churn.stay);
	while (churn.begun < load->at_once && churn.begun < churn.wanted)
		churn_begin(&churn, churn.stay + (size_t)churn.begun);
	churn_until(&churn, first);
	start = usage_now_ns();
	own = usage_cpu_ns(0);
	first = churn.ended;
	cpu = load_servers_cpu_ns(load);
	churn_until(&churn, churn.wanted);
	cpu = load_servers_cpu_ns(load) - cpu;
	own = usage_cpu_ns(0) - own;
	wall = usage_now_ns() - start;
	printf("{\"mode\":\"churn\",\"connections\":%lld,\"at_once\":%lld,\"beside\":%lld,"
	       "\"connections_per_s\":%.0f,\"server_us_per_connection\":%.2f,"
	       "\"load_cpu_share\":%.3f}\n",
		(long long)load->churn, (long long)load->at_once, (long long)load->beside,
		(double)(churn.ended - first) * 1e9 / (double)wall,
		(double)cpu / 1e3 / (double)(churn.ended - first), (double)own / (double)wall);
	peers_free(&churn.peers);
}
