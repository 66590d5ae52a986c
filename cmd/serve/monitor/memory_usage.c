/* Where the memory is. Each owner counts its own; here it is only asked for. */
#include "serve/monitor/memory_usage.h"

#include <string.h>

#include "serve/server.h"
#include "serve/session/session.h"
#include "serve/util/memory.h"

const char *const usage_words[USAGE_KINDS] = {
	[USAGE_CONNECTIONS] = "connections",
	[USAGE_QUEUES] = "queues",
	[USAGE_RECEIVE] = "receive",
	[USAGE_UNSYNCED] = "unsynced",
	[USAGE_CHANNELS] = "channels",
	[USAGE_HISTORY] = "history",
	[USAGE_NONCES] = "nonces",
	[USAGE_PAST] = "past",
	[USAGE_RATES] = "rates",
	[USAGE_JOURNAL] = "journal",
	[USAGE_OUTPUT] = "output",
};

/* What is counted as it comes and goes. */
static void
usage_counted(size_t bytes[USAGE_KINDS], const struct server *server)
{
	const struct rooms *rooms = &server->rooms;
	const struct journal *journal = server->journal;

	memset(bytes, 0, USAGE_KINDS * sizeof(*bytes));
	bytes[USAGE_CONNECTIONS] = server->conns.count * memory_cost(sizeof(struct guest)) +
		addresses_bytes(&server->addresses) + server->turns_bytes +
		(server->tls ? tls_memory(server->tls) : 0);
	bytes[USAGE_QUEUES] = server->conns.held_bytes;
	bytes[USAGE_RECEIVE] = server->conns.received_bytes;
	bytes[USAGE_UNSYNCED] = backlog_bytes(server);
	bytes[USAGE_HISTORY] = rooms_history_bytes(rooms);
	bytes[USAGE_NONCES] = rooms->nonces.shares.amount;
	bytes[USAGE_PAST] = rooms->pages.bytes;
	bytes[USAGE_RATES] = server->rates.bytes;
	bytes[USAGE_JOURNAL] = journal->kind->memory ? journal->kind->memory(journal) : 0;
	bytes[USAGE_OUTPUT] = server->printer.buf.cap + server->notices.printer.buf.cap;
}

size_t
usage_roughly(const struct server *server)
{
	size_t bytes[USAGE_KINDS], sum = 0;

	usage_counted(bytes, server);
	for (int i = 0; i < USAGE_KINDS; i++)
		sum += bytes[i];
	return sum;
}

void
usage_take(size_t bytes[USAGE_KINDS], const struct server *server)
{
	const struct rooms *rooms = &server->rooms;

	usage_counted(bytes, server);
	for (const struct room *room = rooms->by_channel; room; room = room->hh.next) {
		bytes[USAGE_CONNECTIONS] += room->roster.bytes;
		bytes[USAGE_CHANNELS] += memory_cost(sizeof(*room));
	}
}
