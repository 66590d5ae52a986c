/*
 * A connection that goes over to another set, and so to another loop: what it has sent goes along,
 * and nothing of it stays. It stays where it is if it is closed or refused before that.
 */
#include "conn.h"

static bool
belongs_elsewhere(struct conn *conn, const struct chat_http_request *request)
{
	note(events_of(conn), "asked %.*s|", (int)request->path.len, request->path.at);
	return true;
}

static void
on_left(struct conn *conn)
{
	note(events_of(conn), "left|");
}

static const struct conn_events leaving_events = {
	.belongs_elsewhere = belongs_elsewhere,
	.on_left = on_left,
	.on_request = on_request,
	.on_message = on_message,
	.on_rejection = on_rejection,
	.owner = owner_of,
	.on_turn_end = on_turn_end,
	.on_closed = on_closed,
	.release = release,
};

static struct fixture *
fixture_leaving(void)
{
	struct fixture *fixture = fixture_new();

	fixture->conns.events = &leaving_events;
	return fixture;
}

/* Sends the request, of which all or the last bytes have frames behind them. */
static void
send_request(struct fixture *from, const char *name)
{
	peer_send(from, REQUEST, strlen(REQUEST) - 5);
	turns(from);
	is_str(from->events, "", "%s: nothing is asked before the head is there", name);
	peer_send(from, &REQUEST[strlen(REQUEST) - 5], 5);
	peer_send_frame(from, CHAT_WS_TEXT, CHAT_SPAN("early"));
}

static void
test_adopted(void)
{
	struct fixture *from = fixture_leaving(), *to = fixture_new();

	from->clock.stood_ms = -5000; /* the clocks of two loops are not the same */
	send_request(from, "a move");
	turns(from);
	is_str(from->events, "asked /team|left|", "it is asked for, and leaves");
	ok(from->conns.count == 0 && from->conns.received_bytes == 0,
		"its set holds nothing of it");
	conn_adopt(&from->conn, &to->conns);
	ok(to->conns.count == 2, "the other set has it");
	ok(from->conn.conns == &to->conns && from->conn.state == CONN_OPEN, "and answers it");
	ok(clock_now_ms(&to->clock) - from->conn.in.last_ms >= 0 &&
			clock_now_ms(&to->clock) - from->conn.in.last_ms < 4000,
		"its times are those of the other clock");
	turns(to);
	peer_receive(from);
	is_str(from->frames, "101|early|", "its peer gets the answer, and what it sent is read");
	peer_send_frame(from, CHAT_WS_TEXT, CHAT_SPAN("late"));
	turns(to);
	peer_receive(from);
	is_str(from->frames, "101|early|late|", "what it sends now is read there");
	conn_abort(&from->conn);
	conns_flush(&to->conns);
	is_str(from->events,
		"asked /team|left|request /team|message early|message late|closed|released|",
		"it is closed there, once");
	fixture_free(from, "the set that it left");
	fixture_free(to, "the set that it joined");
}

static void
test_closed_before(void)
{
	struct fixture *from = fixture_leaving();

	send_request(from, "a peer that is gone");
	poll_once(from);
	conn_abort(&from->conn);
	conns_flush(&from->conns);
	is_str(from->events, "asked /team|closed|released|", "a closed connection does not leave");
	fixture_free(from, "a peer that is gone");
}

static void
test_refused_before(void)
{
	struct fixture *from = fixture_leaving();

	send_request(from, "a refusal");
	from->conns.limits.all_received_bytes = 1;
	from->conns.relief_received_bytes = 0;
	expect(from, "asked /team|rejection 503 the server is receiving too much at once|",
		"503|end|", "one that is refused stays");
	shutdown(from->peer_fd, SHUT_WR);
	expect(from, "closed|released|", "", "and its end is read");
	fixture_free(from, "a refusal");
}

/* The peer has gone while the connection was on its way. */
static void
test_gone_on_the_way(void)
{
	struct fixture *from = fixture_leaving(), *to = fixture_new();

	send_request(from, "an end on the way");
	turns(from);
	shutdown(from->peer_fd, SHUT_RDWR);
	conn_adopt(&from->conn, &to->conns);
	turns(to);
	ok(strstr(from->events, "left|") && strstr(from->events, "closed|released|"),
		"it is closed where it came to: %s", from->events);
	is_int((long long)to->conns.count, 1, "and no more in that set");
	fixture_free(from, "an end on the way");
	fixture_free(to, "the set that it came to");
}

int
main(void)
{
	test_adopted();
	test_closed_before();
	test_refused_before();
	test_gone_on_the_way();
	return done();
}
