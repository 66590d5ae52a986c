/*
 * The timeouts of a connection: a late request head, a late message, no answer to a ping, a queue
 * of which nothing is sent, no Close of the peer. What is not late stays.
 */
#include "conn.h"

/* A limit below 0 is exceeded at once. */
static void
sweep(struct fixture *fixture)
{
	conns_sweep(&fixture->conns, 1);
}

static void
test_head_timeout(void)
{
	struct fixture *fixture = fixture_new();

	sweep(fixture);
	expect(fixture, "", "", "a head that is not late");
	fixture->conns.limits.head_ms = -1;
	sweep(fixture);
	expect(fixture, "rejection 408 the request head took too long|", "408|end|", "a late head");
	is_int(fixture->conns.late, 1, "it is counted");
	fixture_free(fixture, "a late head");
}

static void
test_message_timeout(void)
{
	static const char half[] = {(char)0x81, (char)0x85, 0, 0, 0, 0, 'h', 'e'};
	struct fixture *fixture = fixture_open();

	fixture->conns.limits.message_ms = -1;
	sweep(fixture);
	expect(fixture, "", "", "between messages none is late");
	peer_send(fixture, half, sizeof(half));
	turns(fixture);
	sweep(fixture);
	expect(fixture, "late: the message took too long to arrive|", "last word|close 1008|",
		"a late message");
	fixture_free(fixture, "a late message");
}

static void
test_ping(void)
{
	struct fixture *fixture = fixture_open();

	fixture->conns.limits.ping_ms = -1;
	sweep(fixture);
	sweep(fixture);
	expect(fixture, "", "ping|", "silence is pinged once");
	peer_send_frame(fixture, CHAT_WS_PONG, CHAT_SPAN(""));
	turns(fixture);
	sweep(fixture);
	expect(fixture, "", "ping|", "after an answer it is pinged again");
	fixture->conns.limits.pong_ms = 0;
	sweep(fixture);
	expect(fixture, "rejection 0 it does not answer a ping|closed|released|", "end|",
		"no answer in time");
	is_int(fixture->conns.silent, 1, "it is counted");
	fixture_free(fixture, "silence");
}

static void
test_stuck(void)
{
	struct fixture *fixture = fixture_open();

	fixture->conns.limits.progress_ms = -1;
	sweep(fixture);
	is_str(fixture->events, "", "an empty queue is not stuck");
	send_kilobytes(fixture, 20);
	sweep(fixture);
	is_str(fixture->events, "slow reader: you have not read for too long|",
		"one of which nothing is sent in time is dropped");
	fixture_free(fixture, "stuck");
}

static void
test_close_timeout(void)
{
	struct fixture *fixture = fixture_open();

	conn_close(&fixture->conn, 1000, NULL);
	turns(fixture);
	sweep(fixture);
	expect(fixture, "", "close 1000|", "the peer's Close is awaited");
	fixture->conns.limits.close_ms = -1;
	sweep(fixture);
	expect(fixture, "closed|released|", "end|", "and no longer than that");
	fixture_free(fixture, "no Close");
}

int
main(void)
{
	test_head_timeout();
	test_message_timeout();
	test_ping();
	test_stuck();
	test_close_timeout();
	return done();
}
