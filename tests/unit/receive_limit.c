/*
 * The limit on what is partly received: where all connections together exceed it, the message that
 * is the largest and the most delayed is given up, and nothing of it is held.
 */
#include "conn.h"

static const char half[] = {(char)0x81, (char)0x85, 0, 0, 0, 0, 'h', 'e'};

static void
test_message(void)
{
	struct fixture *fixture = fixture_open();

	peer_send(fixture, half, sizeof(half));
	expect(fixture, "", "", "within the limit");
	fixture->conns.limits.all_received_bytes = 10;
	expect(fixture, "overload|", "close 1008|end|", "over the limit");
	is_int(fixture->conns.received_bytes, 0, "the message is freed");
	peer_send(fixture, "llo", 3);
	expect(fixture, "", "", "its other half is discarded");
	fixture_free(fixture, "a message");
}

static void
test_head(void)
{
	struct fixture *fixture = fixture_new();

	peer_send(fixture, REQUEST, 10);
	expect(fixture, "", "", "a part of a head within the limit");
	fixture->conns.limits.all_received_bytes = 10;
	expect(fixture, "rejection 503 the server is receiving too much at once|", "503|end|",
		"over the limit");
	is_int(fixture->conns.received_bytes, 0, "the head is freed");
	fixture_free(fixture, "a head");
}

/* Of two messages the one that is not read, because its peer does not read, counts more. */
static void
test_choice(void)
{
	struct fixture *one = fixture_open(), *other = fixture_join(one);

	peer_send(one, half, sizeof(half));
	peer_send(other, half, sizeof(half));
	exchange(one);
	is_int(one->conn.in.memory_bytes, other->conn.in.memory_bytes, "both hold as much");
	conn_pause(&other->conn, CONN_PAUSE_QUEUE);
	one->conns.limits.all_received_bytes = one->conns.received_bytes - 1;
	exchange(one);
	is_str(one->events, "", "the one stays");
	is_str(other->events, "overload|", "the other does not");
	ok(one->conn.in.ws && !other->conn.in.ws, "and only its message is freed");
	fixture_leave(other);
	fixture_free(one, "of two");
}

int
main(void)
{
	test_message();
	test_head();
	test_choice();
	return done();
}
