/* Sessions of a barred address, one after the other. */
#include "serve/session/auth_queue.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/server.h"
#include "serve/util/memory.h"

#define SAID_MAX_BYTES ((size_t)16 << 10) /* of one that waits */

struct auth_wait {
	struct fair_entry entry; /* first */
	struct session *session;
	struct chat_buf said; /* messages: length, bytes */
};

static void
turn_append(struct auth_wait *turn, struct chat_span text)
{
	uint32_t len = (uint32_t)text.len;
	size_t *held = &turn->session->server->turns_bytes;

	*held -= turn->said.cap;
	chat_buf_append(&turn->said, &len, sizeof(len));
	chat_buf_append_span(&turn->said, text);
	*held += turn->said.cap;
}

void
auth_queue_wait(struct session *session, struct chat_span init)
{
	struct auth_wait *turn = chat_alloc_zeroed(1, sizeof(*turn));

	turn->session = session;
	session->server->turns_bytes += memory_cost(sizeof(*turn));
	turn_append(turn, init);
	fair_queue_push(&session->server->turns, address_lane(session->address, ADDRESS_LANE_TURNS),
		&turn->entry);
	session_enqueue(session, SESSION_WAITS);
	session->turn = turn;
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
	session_log(session, "waits its turn: too many wrong tokens came from there");
}

void
auth_queue_add(struct session *session, struct chat_span text)
{
	if (session->turn->said.len + text.len <= SAID_MAX_BYTES) {
		turn_append(session->turn, text);
		return;
	}
	auth_queue_leave(session);
	session_shut(session, CHAT_RATE_LIMITED, "too much was said before it was your turn", 1008);
	conn_resume(&session->conn, CONN_PAUSE_SESSION); /* its Close is to be read */
}

void
auth_queue_leave(struct session *session)
{
	struct auth_wait *turn = session->turn;

	if (session->queue != SESSION_WAITS)
		return;
	session_enqueue(session, SESSION_NOWHERE);
	fair_queue_remove(&session->server->turns, &turn->entry);
	session->server->turns_bytes -= memory_cost(sizeof(*turn)) + turn->said.cap;
	chat_buf_free(&turn->said);
	free(turn);
}

/* It is heard as if it had said all of it now. One that is not in after its init owes another. */
static void
auth_queue_serve_one(struct session *session, struct chat_span said)
{
	uint32_t len;

	for (size_t at = 0; at < said.len && session->conn.state == CONN_OPEN; at += len) {
		memcpy(&len, said.at + at, sizeof(len));
		at += sizeof(len);
		session_hear(session, (struct chat_span){said.at + at, len});
		if (session->lobby && session->queue == SESSION_NOWHERE)
			session_enqueue(session, SESSION_OWES_INIT);
	}
}

void
auth_queue_serve(struct server *server)
{
	for (size_t lanes = server->turns.count; lanes; lanes--) {
		struct auth_wait *turn = (struct auth_wait *)fair_queue_pop(&server->turns);
		struct session *session;
		struct chat_buf said;

		if (!turn)
			return;
		session = turn->session;
		said = turn->said;
		turn->said = (struct chat_buf){0};
		server->turns_bytes -= said.cap;
		fair_queue_charge(
			&server->turns, address_lane(session->address, ADDRESS_LANE_TURNS), 1);
		auth_queue_leave(session);
		conn_resume(&session->conn, CONN_PAUSE_SESSION);
		auth_queue_serve_one(session, chat_buf_span(&said));
		chat_buf_free(&said);
	}
}
