/* Between who speaks and the disk: neither makes the other's time the memory's. */
#include "serve/session/backpressure.h"

#include "serve/server.h"
#include "serve/session/session.h"

#define COPIES 2 /* of a message that waits: one is to be sent, the other one to be written */
#define RELIEF_PART 16 /* of the bound gathers in a turn: then the turn publishes */

void
backlog_open(struct server *server)
{
	const struct config *config = server->config;
	size_t least = 4 * COPIES * (size_t)config->max_message_bytes;

	server->backlog.most_bytes = (size_t)config->unsynced_total_bytes;
	if (server->backlog.most_bytes < least)
		server->backlog.most_bytes = least;
	backlog_release(server);
}

size_t
backlog_bytes(const struct server *server)
{
	return server->rooms.pending_bytes + server->journal->unwritten_bytes;
}

bool
backlog_is_full(const struct server *server, size_t bytes)
{
	return backlog_bytes(server) + COPIES * bytes > server->backlog.most_bytes;
}

bool
backlog_is_long(const struct server *server)
{
	return backlog_bytes(server) > server->backlog.most_bytes / 2;
}

void
backlog_said(struct guest *guest)
{
	if (!backlog_is_long(guest->server) || guest->queue != GUEST_NOWHERE)
		return;
	guest_enqueue(guest, GUEST_STALLED);
	conn_stall(&guest->conn, true);
}

static void
backlog_note(struct server *server)
{
	struct backlog *backlog = &server->backlog;

	backlog->relief_bytes = backlog_bytes(server) + backlog->most_bytes / RELIEF_PART;
}

void
backlog_relieve(struct server *server)
{
	if (backlog_bytes(server) <= server->backlog.relief_bytes)
		return;
	server_publish(server);
	backlog_note(server);
}

void
backlog_release(struct server *server)
{
	struct backlog *backlog = &server->backlog;
	size_t bytes = backlog_bytes(server);
	struct guest *guest;

	while ((guest = backlog->stalled) && bytes <= backlog->most_bytes / 2) {
		guest_enqueue(guest, GUEST_NOWHERE);
		conn_stall(&guest->conn, false);
		bytes += COPIES * CONN_INPUT_BYTES; /* which it may bring */
	}
	if (bytes <= backlog->most_bytes / 2)
		input_go_on(&server->input);
	backlog_note(server);
}
