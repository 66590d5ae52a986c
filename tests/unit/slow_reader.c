/*
 * A peer that does not read: at half of its queue's limit the server does not read it either, over
 * the limit it is dropped, with a last word behind the frame that is half sent; the server's own
 * wish may exceed the limit, and all queues together have one of their own.
 */
#include "conn.h"

#include "serve/net/conn_private.h"

static void
test_slow_reader(void)
{
	struct fixture *fixture = fixture_open();
	struct conn *conn = &fixture->conn;

	send_kilobytes(fixture, 50);
	is_int(conn->in.paused, CONN_PAUSE_QUEUE, "over half of its limit it is not read");
	is_int(conn->state, CONN_OPEN, "and stays open");
	exchange(fixture);
	is_int(conn->in.paused, 0, "when all is sent it is read again");
	send_kilobytes(fixture, 100);
	is_int(conn->state, CONN_CLOSING, "over its limit it is dropped");
	is_str(fixture->events, "slow reader: you read too slowly|", "and its owner is told");
	ok(conn->queue.bytes < 2000, "what was queued is gone: %zu bytes are left",
		conn->queue.bytes);
	fixture->frames[0] = '\0';
	exchange(fixture);
	ok(strstr(fixture->frames, "last word|close 1008|") != NULL,
		"a last word and a Close come behind the frame that was half sent");
	fixture_free(fixture, "a slow reader");
}

/* A message behind the missing ones would be taken for the next one. */
static void
test_last_word(void)
{
	struct fixture *fixture = fixture_open();
	struct conn *conn = &fixture->conn;

	send_kilobytes(fixture, 20);
	slow_reader_drop(conn, "nothing moves");
	conn_send(conn, CHAT_WS_TEXT, chat_span_of("too late"));
	exchange(fixture);
	ok(strstr(fixture->frames, "last word|close 1008|") != NULL,
		"no message comes between the last word and the Close: %s", fixture->frames);
	fixture_free(fixture, "a last word");
}

static void
test_raised_limit(void)
{
	struct fixture *fixture = fixture_open();

	send_kilobytes(fixture, 20); /* more than the kernel takes */
	conn_raise_queue_limit(&fixture->conn, 100000);
	send_kilobytes(fixture, 80);
	is_int(fixture->conn.state, CONN_OPEN, "with a raised limit it may have more");
	conn_notify_drained(&fixture->conn);
	turns(fixture);
	is_str(fixture->events, "", "it is not drained");
	exchange(fixture);
	is_str(fixture->events, "drained|", "when all is sent it is");
	send_kilobytes(fixture, 1);
	exchange(fixture);
	is_str(fixture->events, "drained|", "and once only");
	is_int(fixture->conn.extra_queue_mib, 0, "and the limit is what it was");
	send_kilobytes(fixture, 100);
	is_int(fixture->conn.state, CONN_CLOSING, "so that it is dropped over it");
	fixture_free(fixture, "a raised limit");
}

static void
test_all_queues(void)
{
	struct fixture *fixture = fixture_open();

	fixture->conns.limits.all_queues_bytes = 20000;
	send_kilobytes(fixture, 40);
	is_str(fixture->events,
		"slow reader: the server's queues are full, and yours is the largest|",
		"the limit of all queues drops the largest");
	fixture_free(fixture, "all queues");
}

int
main(void)
{
	test_slow_reader();
	test_last_word();
	test_raised_limit();
	test_all_queues();
	return done();
}
