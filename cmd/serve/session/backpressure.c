/* Between who speaks and the disk: neither makes the other's time the memory's. */
#include "serve/session/backpressure.h"

#include "serve/server.h"
#include "serve/session/session.h"

#define COPIES 2 /* of a message that waits: one is to be sent, the other one to be written */
#define RELIEF_PART 16 /* of the bound gathers in a turn: then the turn publishes */

void
backpressure_open(struct server *server)
{
	const struct config *config = server->config;
	size_t least = 4 * COPIES * (size_t)config->max_message_bytes;

	server->backpressure.most_bytes = (size_t)config->unsynced_total_bytes;
	if (server->backpressure.most_bytes < least)
		server->backpressure.most_bytes = least;
	backpressure_release(server);
}

size_t
backpressure_bytes(const struct server *server)
{
	return server->channels.pending_bytes + server->journal->unwritten_bytes;
}

bool
backpressure_is_full(const struct server *server, size_t bytes)
{
	return backpressure_bytes(server) + COPIES * bytes > server->backpressure.most_bytes;
}

bool
backpressure_is_long(const struct server *server)
{
	return backpressure_bytes(server) > server->backpressure.most_bytes / 2;
}

void
backpressure_said(struct session *session)
{
	if (!backpressure_is_long(session->server) || session->queue != SESSION_NOWHERE)
		return;
	session_enqueue(session, SESSION_STALLED);
	conn_pause(&session->conn, CONN_PAUSE_BACKPRESSURE);
}

static void
backpressure_note(struct server *server)
{
	struct backpressure *backpressure = &server->backpressure;

	backpressure->relief_bytes =
		backpressure_bytes(server) + backpressure->most_bytes / RELIEF_PART;
}

void
backpressure_relieve(struct server *server)
{
	if (backpressure_bytes(server) <= server->backpressure.relief_bytes)
		return;
	server_publish(server);
	backpressure_note(server);
}

void
backpressure_release(struct server *server)
{
	struct backpressure *backpressure = &server->backpressure;
	size_t bytes = backpressure_bytes(server);
	struct session *session;

	while ((session = backpressure->stalled) && bytes <= backpressure->most_bytes / 2) {
		session_enqueue(session, SESSION_NOWHERE);
		conn_resume(&session->conn, CONN_PAUSE_BACKPRESSURE);
		bytes += COPIES * CONN_INPUT_BYTES; /* which it may bring */
	}
	if (bytes <= backpressure->most_bytes / 2)
		stdin_reader_go_on(&server->stdin_reader);
	backpressure_note(server);
}
