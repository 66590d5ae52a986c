/* Where the memory is. Each owner counts its own; here it is only asked for. */
#include "serve/monitor/memory_usage.h"

#include <string.h>

#include "serve/server.h"
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

/* What is counted as it comes and goes. */
static void
memory_usage_counted(size_t bytes[USAGE_KINDS], const struct server *server)
{
	const struct channels *channels = &server->channels;
	const struct journal *journal = server->journal;

	memset(bytes, 0, USAGE_KINDS * sizeof(*bytes));
	bytes[USAGE_CONNECTIONS] = server->conns.count * memory_cost(sizeof(struct session)) +
		addresses_bytes(&server->addresses) + server->turns_bytes +
		(server->tls ? tls_memory(server->tls) : 0);
	bytes[USAGE_QUEUES] = server->conns.held_bytes;
	bytes[USAGE_RECEIVE] = server->conns.received_bytes;
	bytes[USAGE_UNSYNCED] = backpressure_bytes(server);
	bytes[USAGE_HISTORY] = channels_history_bytes(channels);
	bytes[USAGE_NONCES] = channels->nonces.shares.amount;
	bytes[USAGE_CATCHUP] = channels->page_cache.bytes;
	bytes[USAGE_RATES] = server->rate_limiter.bytes;
	bytes[USAGE_JOURNAL] = journal->kind->memory ? journal->kind->memory(journal) : 0;
	bytes[USAGE_OUTPUT] = server->line_writer.buf.cap + server->error_log.line_writer.buf.cap;
}

size_t
memory_usage_estimate(const struct server *server)
{
	size_t bytes[USAGE_KINDS], sum = 0;

	memory_usage_counted(bytes, server);
	for (int i = 0; i < USAGE_KINDS; i++)
		sum += bytes[i];
	return sum;
}

void
memory_usage_take(size_t bytes[USAGE_KINDS], const struct server *server)
{
	const struct channels *channels = &server->channels;

	memory_usage_counted(bytes, server);
	for (const struct channel *channel = channels->by_name; channel;
		channel = channel->hh.next) {
		bytes[USAGE_CONNECTIONS] += channel->roster.bytes;
		bytes[USAGE_CHANNELS] += memory_cost(sizeof(*channel));
	}
}
