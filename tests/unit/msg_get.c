/* The values of a message as C strings, numbers and bytes; and what a message does not have. */
#include <stdlib.h>

#include "chat/line_reader.h"
#include "chat/msg.h"
#include "guard.h"
#include "tap.h"

static struct chat_msg *
read_line(const char *line)
{
	struct chat_msg *msg = chat_msg_new();

	ok(chat_msg_read(msg, chat_span_of(line), CHAT_FROM_ANY, NULL) == 0, "%.40s", line);
	return msg;
}

static void
test_values(void)
{
	struct chat_msg *msg = read_line("{\"type\":\"error\",\"code\":\"rate_limited\","
					 "\"message\":\"sl\\u00f6w\",\"retryAfter\":1e3,"
					 "\"fatal\":true}");
	char *string = chat_msg_get_string(msg, CHAT_SLOT_MESSAGE);
	int64_t number = 0;
	bool fatal = false;

	is_str(chat_type_word(chat_msg_type(msg)), "error", "its type");
	is_str(string, "sl\xC3\xB6w", "a string is decoded");
	ok(chat_msg_get_integer(msg, CHAT_SLOT_RETRY_AFTER, &number) && number == 1000, "a number");
	ok(chat_msg_get_boolean(msg, CHAT_SLOT_FATAL, &fatal) && fatal, "a boolean");
	ok(!chat_msg_get_string(msg, CHAT_SLOT_NONCE), "a string that it does not have");
	ok(!chat_msg_get_string(msg, CHAT_SLOT_FATAL), "a boolean is no string");
	ok(!chat_msg_get_integer(msg, CHAT_SLOT_MESSAGE, &number), "a string is no number");
	ok(!chat_msg_get_boolean(msg, (enum chat_slot)CHAT_MSG_VALUES, &fatal), "no slot");
	free(string);
	chat_msg_free(msg);
	chat_msg_free(NULL);
}

static void
test_file(void)
{
	struct chat_msg *msg =
		read_line("{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\","
			  "\"size\":3,\"data\":\"\\u0041P8Q\"}}");
	struct chat_err err;
	size_t size;
	char *bytes = chat_msg_file(msg, &size, NULL);

	ok(bytes && size == 3 && memcmp(bytes, "\0\xFF\x10", 3) == 0, "the bytes of a file");
	free(bytes);
	chat_msg_free(msg);
	msg = read_line("{\"type\":\"text\",\"text\":\"hi\"}");
	ok(!chat_msg_file(msg, &size, &err) && err.code == CHAT_BAD_MESSAGE && size == 0,
		"a text has none");
	chat_msg_free(msg);
}

static void
test_lines(void)
{
	struct chat_line_reader *reader;
	struct chat_span line;
	struct chat_err err;
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "one\nfar too long\n\nlast", 22) != 22)
		abort();
	close(ends[1]);
	reader = chat_line_reader_new(ends[0], 6);
	is_int(chat_line_reader_number(reader), 0, "before the first line");
	ok(chat_line_reader_next(reader, &line, &err) == 1 &&
			chat_span_equal(line, CHAT_SPAN("one")),
		"a line");
	ok(chat_line_reader_next(reader, &line, &err) == -1 && err.code == CHAT_TOO_LARGE,
		"a line that is too long");
	is_int(chat_line_reader_number(reader), 2, "has a number");
	ok(chat_line_reader_next(reader, &line, &err) == 1 && line.len == 0, "an empty line");
	ok(chat_line_reader_next(reader, &line, &err) == 1 &&
			chat_span_equal(line, CHAT_SPAN("last")),
		"a last line without newline");
	is_int(chat_line_reader_next(reader, &line, &err), 0, "the end");
	is_int(chat_line_reader_number(reader), 4, "after four lines");
	chat_line_reader_free(reader);
	close(ends[0]);
	reader = chat_line_reader_new(ends[0], 6);
	ok(chat_line_reader_next(reader, &line, &err) == -1 && err.code == CHAT_IO_ERROR,
		"a descriptor that is closed");
	chat_line_reader_free(reader);
	chat_line_reader_free(NULL);
}

int
main(void)
{
	test_values();
	test_file();
	test_lines();
	return done();
}
