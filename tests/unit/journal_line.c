/*
 * A line of a journal is taken apart without loss, and what is not in the form that the server
 * writes is not accepted.
 */
#include "serve/journal/line.h"

#include "journal.h"
#include "tap.h"

static bool
reads(const char *text, struct journal_line *line)
{
	return journal_line_read(line, chat_span_of(text));
}

static void
check_lines(void)
{
	struct journal_line line;
	char text[600];
	bool cut = false;
	size_t len = make_line(text, sizeof(text), 42,
		",\"nonce\":\"n\\\"1\",\"replyTo\":\"x\",\"via\":[\"a/\",\"b\\u002f\"],"
		"\"hops\":12,\"file\":{\"name\":\"f\",\"type\":\"t\","
		"\"size\":3,\"data\":\"QUJD\"}");

	ok(reads(text, &line), "a message with everything");
	ok(line.epoch == 0x0123456789ab && line.number == 42 && line.timestamp_ms == 1700000000042,
		"its id and time");
	ok(chat_span_equal(line.channel, CHAT_SPAN("/ops")) &&
			chat_span_equal(line.nonce_json, CHAT_SPAN("\"n\\\"1\"")) &&
			chat_span_equal(line.sender_id, CHAT_SPAN("a")),
		"its channel, nonce and sender");
	ok(line.data_len == 13 && memcmp(text + line.data_at, "\"data\":\"QUJD\"", 13) == 0,
		"where its data is");
	for (size_t i = 0; i < len; i++)
		cut = cut || journal_line_read(&line, (struct chat_span){text, i});
	ok(!cut, "no beginning of it is a message");
	make_line(text, sizeof(text), 7, "");
	ok(reads(text, &line) && !line.nonce_json.len && !line.data_len, "one with the least");
	strcat(text, " ");
	ok(!reads(text, &line), "nothing may follow");
	make_line(text, sizeof(text), 7, ",\"via\":[]");
	ok(reads(text, &line), "one that came through no channel");
	make_line(text, sizeof(text), 7, ",\"via\":[\"a/\",]");
	ok(!reads(text, &line), "a list does not end with a comma");
	make_line(text, sizeof(text), 7, ",\"hops\":");
	ok(!reads(text, &line), "a number has digits");
}

int
main(void)
{
	check_lines();
	return done();
}
