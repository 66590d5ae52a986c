/* Collects what each part of the server says about its own memory. */
#include "serve/monitor/memory_usage.h"

#include <string.h>

#include "serve/net/tls.h"
#include "serve/session/session.h"
#include "serve/util/memory.h"

const char *const memory_usage_words[USAGE_KINDS] = {
	[USAGE_CONNECTIONS] = "connections",
	[USAGE_QUEUES] = "queues",
	[USAGE_RECEIVE] = "receive",
	[USAGE_UNSYNCED] = "unsynced",
	[USAGE_CHANNELS] = "channels",
	[USAGE_HISTORY] = "history",
	[USAGE_NONCES] = "nonces",
	[USAGE_CATCHUP] = "past",
	[USAGE_RATES] = "rates",
	[USAGE_JOURNAL] = "journal",
	[USAGE_OUTPUT] = "output",
};

void
memory_usage_take_loop(uint64_t bytes[USAGE_KINDS], const struct session_context *sessions)
{
	const struct channels *channels = sessions->channels;
	const struct conns *conns = sessions->conns;

	memset(bytes, 0, USAGE_KINDS * sizeof(*bytes));
	bytes[USAGE_CONNECTIONS] =
		conns->count * memory_cost(sizeof(struct session)) + sessions->auth_queue.bytes;
	bytes[USAGE_QUEUES] = conns->held_bytes;
	bytes[USAGE_RECEIVE] = conns->received_bytes;
	bytes[USAGE_UNSYNCED] = backpressure_bytes(&sessions->backpressure);
	bytes[USAGE_HISTORY] = channels_history_bytes(channels);
	bytes[USAGE_NONCES] = channels->nonces.shares.amount;
	bytes[USAGE_CATCHUP] = channels->page_cache.bytes;
	bytes[USAGE_RATES] = sessions->rate_limiter.bytes;
}

void
memory_usage_add_channels(uint64_t bytes[USAGE_KINDS], const struct channels *channels)
{
	for (const struct channel *channel = channels->by_name; channel;
		channel = channel->hh.next) {
		bytes[USAGE_CONNECTIONS] += channel->roster.bytes;
		bytes[USAGE_CHANNELS] += channel_cost(channel);
	}
}

void
memory_usage_add_shared(uint64_t bytes[USAGE_KINDS], const struct monitor_sources *sources)
{
	const struct session_context *sessions = sources->sessions;
	const struct journal *journal = journal_of(sources);

	bytes[USAGE_CONNECTIONS] += addresses_bytes(sessions->addresses) +
		(sources->tls ? tls_memory(sources->tls) : 0);
	bytes[USAGE_NONCES] += cluster_memory(sources->cluster);
	bytes[USAGE_JOURNAL] += journal->kind->memory ? journal->kind->memory(journal) : 0;
	bytes[USAGE_OUTPUT] += error_log_bytes(sessions->error_log);
}
