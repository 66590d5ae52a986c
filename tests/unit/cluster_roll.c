/* The roll of a cluster: a head and a line are read as they were written. */
#include "serve/cluster/roll.h"

#include "tap.h"
#include "text/span.h"

static void
test_head(void)
{
	const struct roll_head one = {.kind = ROLL_ASK,
		.server = CHAT_SPAN("abc"),
		.version = 7,
		.part = 1,
		.parts = 2,
		.asked = CHAT_SPAN("def")};
	const struct roll_head all = {.kind = ROLL_ASK, .server = CHAT_SPAN("abc")};
	struct chat_buf call = {0};
	struct roll_head head;
	struct chat_span rest;
	struct chat_err err;

	roll_write_head(&call, &one);
	rest = chat_buf_span(&call);
	is_int(roll_read_head(&rest, &head, &err), 0, "a head is read");
	ok(chat_span_equal(head.server, one.server) && head.kind == ROLL_ASK,
		"its server and kind");
	ok(head.version == 7 && head.part == 1 && head.parts == 2, "its numbers");
	ok(chat_span_equal(head.asked, one.asked), "who is asked");
	is_int(rest.len, 0, "and nothing is left");
	call.len = 0;
	roll_write_head(&call, &all);
	rest = chat_buf_span(&call);
	is_int(roll_read_head(&rest, &head, &err), 0, "a head without a name");
	is_int(head.asked.len, 0, "asks all");
	chat_buf_free(&call);
}

static void
test_line(void)
{
	struct chat_buf call = {0};
	struct roll_line line;
	struct chat_span rest;
	struct chat_err err;

	roll_write_line(&call, CHAT_SPAN("/ops"), CHAT_SPAN("id-1"), CHAT_SPAN("\"al\\u0069ce\""),
		1234, true);
	rest = chat_buf_span(&call);
	is_int(roll_read_line(&rest, &line, &err), 0, "a line is read");
	ok(chat_span_equal(line.channel, CHAT_SPAN("/ops")), "its channel");
	ok(chat_span_equal(line.id, CHAT_SPAN("id-1")), "its id");
	ok(chat_span_equal(line.name, CHAT_SPAN("alice")), "its name, decoded");
	ok(line.since_ms == 1234 && line.here, "since when, and that the user is here");
	chat_buf_free(&call);
}

int
main(void)
{
	test_head();
	test_line();
	return done();
}
