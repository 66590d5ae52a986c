/* Guests of a barred address, one after the other. */
#include "serve/session/auth_queue.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/server.h"
#include "serve/util/memory.h"

#define SAID_MAX_BYTES ((size_t)16 << 10) /* of one that waits */

struct guest_turn {
	struct fair_entry entry; /* first */
	struct guest *guest;
	struct chat_buf said; /* messages: length, bytes */
};

static void
turn_append(struct guest_turn *turn, struct chat_span text)
{
	uint32_t len = (uint32_t)text.len;
	size_t *held = &turn->guest->server->turns_bytes;

	*held -= turn->said.cap;
	chat_buf_append(&turn->said, &len, sizeof(len));
	chat_buf_append_span(&turn->said, text);
	*held += turn->said.cap;
}

void
guest_wait(struct guest *guest, struct chat_span init)
{
	struct guest_turn *turn = chat_alloc_zeroed(1, sizeof(*turn));

	turn->guest = guest;
	guest->server->turns_bytes += memory_cost(sizeof(*turn));
	turn_append(turn, init);
	fair_push(&guest->server->turns, address_lane(guest->address, ADDRESS_LANE_TURNS),
		&turn->entry);
	guest_enqueue(guest, GUEST_WAITS);
	guest->turn = turn;
	conn_hold(&guest->conn, true);
	guest_log(guest, "waits its turn: too many wrong tokens came from there");
}

void
guest_wait_longer(struct guest *guest, struct chat_span text)
{
	if (guest->turn->said.len + text.len <= SAID_MAX_BYTES) {
		turn_append(guest->turn, text);
		return;
	}
	guest_wait_ends(guest);
	guest_shut(guest, CHAT_RATE_LIMITED, "too much was said before it was your turn", 1008);
	conn_hold(&guest->conn, false); /* its Close is to be read */
}

void
guest_wait_ends(struct guest *guest)
{
	struct guest_turn *turn = guest->turn;

	if (guest->queue != GUEST_WAITS)
		return;
	guest_enqueue(guest, GUEST_NOWHERE);
	fair_remove(&guest->server->turns, &turn->entry);
	guest->server->turns_bytes -= memory_cost(sizeof(*turn)) + turn->said.cap;
	chat_buf_free(&turn->said);
	free(turn);
}

/* It is heard as if it had said all of it now. One that is not in after its init owes another. */
static void
guest_take_turn(struct guest *guest, struct chat_span said)
{
	uint32_t len;

	for (size_t at = 0; at < said.len && guest->conn.state == CONN_OPEN; at += len) {
		memcpy(&len, said.at + at, sizeof(len));
		at += sizeof(len);
		guest_hear(guest, (struct chat_span){said.at + at, len});
		if (guest->lobby && guest->queue == GUEST_NOWHERE)
			guest_enqueue(guest, GUEST_OWES_INIT);
	}
}

void
guests_take_turns(struct server *server)
{
	for (size_t lanes = server->turns.count; lanes; lanes--) {
		struct guest_turn *turn = (struct guest_turn *)fair_pop(&server->turns);
		struct guest *guest;
		struct chat_buf said;

		if (!turn)
			return;
		guest = turn->guest;
		said = turn->said;
		turn->said = (struct chat_buf){0};
		server->turns_bytes -= said.cap;
		fair_charge(&server->turns, address_lane(guest->address, ADDRESS_LANE_TURNS), 1);
		guest_wait_ends(guest);
		conn_hold(&guest->conn, false);
		guest_take_turn(guest, chat_buf_span(&said));
		chat_buf_free(&said);
	}
}
