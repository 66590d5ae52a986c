/* Collects the numbers of one loop, and adds up those of all loops. */
#include "serve/monitor/totals.h"

#include "serve/net/tls.h"

_Static_assert(sizeof(struct totals) % sizeof(uint64_t) == 0, "all fields are uint64_t");

static void
take_peers(struct totals *totals, const struct session_context *sessions)
{
	const struct conns *conns = sessions->conns;
	const struct channels *channels = sessions->channels;

	totals->connections = conns->count;
	totals->accepted = sessions->counters.accepted;
	totals->channels = channels->count;
	totals->messages = channels->ever.messages;
	totals->deliveries = channels->ever.deliveries;
	totals->received_bytes = conns->bytes_in;
	totals->sent_bytes = conns->bytes_out;
	totals->queued_bytes = conns->queued_bytes;
	totals->wrong_proxy_headers = conns->wrong_proxy_headers;
}

static void
take_past(struct totals *totals, const struct session_context *sessions)
{
	const struct channels *channels = sessions->channels;

	totals->history_bytes = channels_history_bytes(channels);
	totals->past_readers = sessions->catchup.readers;
	totals->past_bytes = channels->page_cache.bytes;
	totals->past_pages = sessions->catchup.pages_sent;
	totals->past_pages_made = channels->page_cache.made;
	totals->nonces = channels->nonces.count;
}

/* Adds up the connections that sessions ended and those that conns ended. */
static void
take_ends(struct totals *totals, const struct session_context *sessions)
{
	const struct conns *conns = sessions->conns;

	for (int i = 0; i < DROP_REASONS; i++)
		totals->drops[i] = sessions->counters.drops[i];
	totals->drops[DROP_PING_TIMEOUT] += conns->silent;
	totals->drops[DROP_TOO_LATE] += conns->late;
	totals->drops[DROP_PROTOCOL] += conns->unruly;
	for (int i = 0; i < CHAT_CODES; i++)
		totals->errors[i] = sessions->counters.errors[i];
}

void
totals_take_loop(struct totals *totals, const struct session_context *sessions,
	const struct turn_times *turns, bool visit)
{
	*totals = (struct totals){.turns = *turns};
	take_peers(totals, sessions);
	take_past(totals, sessions);
	take_ends(totals, sessions);
	memory_usage_take_loop(totals->memory, sessions);
	if (visit)
		memory_usage_add_channels(totals->memory, sessions->channels);
}

void
totals_take(struct totals *totals, const struct monitor_sources *sources, bool visit)
{
	totals_take_loop(totals, sources->sessions, sources->turns, visit);
	memory_usage_add_shared(totals->memory, sources);
	totals->notices_dropped += error_log_dropped(sources->sessions->error_log);
	sources->add_rest(sources->arg, totals);
}

void
totals_add(struct totals *totals, const struct totals *more)
{
	uint64_t *sum = (uint64_t *)totals;
	const uint64_t *part = (const uint64_t *)more;

	for (size_t i = 0; i < sizeof(*totals) / sizeof(*sum); i++)
		sum[i] += part[i];
}

size_t
totals_memory(const struct totals *totals)
{
	size_t sum = 0;

	for (int i = 0; i < USAGE_KINDS; i++)
		sum += (size_t)totals->memory[i];
	return sum;
}
