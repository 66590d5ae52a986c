/* A batch of a cluster: messages are read as they were written, and nothing else passes. */
#include "serve/cluster/batch.h"

#include <stdlib.h>

#include "serve/channel/post.h"
#include "tap.h"
#include "text/span.h"

#define USER "alice-1"

static struct user alice = {
	.id = USER,
	.id_len = sizeof(USER) - 1,
	.name_json = "\"al\\u0069ce\"",
	.name_json_len = 12,
};

static void
test_there_and_back(void)
{
	struct channel_post one = {.user = &alice,
				    .content_json = CHAT_SPAN("\"hi\""),
				    .nonce_json = CHAT_SPAN("\"n\""),
				    .reply_to_json = CHAT_SPAN("\"1-2\"")},
			    two = {.user = &alice,
				    .content_json = CHAT_SPAN("\"f.txt\""),
				    .file_name_json = CHAT_SPAN("\"f.txt\""),
				    .file_type_json = CHAT_SPAN("\"text/plain\""),
				    .file_size_json = CHAT_SPAN("1"),
				    .file_data_json = CHAT_SPAN("\"YQ==\"")};
	struct chat_buf text = {0};
	struct batch_message message;
	struct chat_span rest;
	struct chat_err err;
	size_t len = batch_add(&text, CHAT_SPAN("/ops"), &one, 1000);

	is_int(len, text.len, "the length of a line, with its newline");
	batch_add(&text, CHAT_SPAN("/two"), &two, 1000);
	rest = chat_buf_span(&text);
	is_int(batch_next(&rest, &message, &err), 0, "the first is read");
	ok(chat_span_equal(message.channel, CHAT_SPAN("/ops")), "its channel");
	ok(chat_span_equal(message.post.content_json, one.content_json), "its content");
	ok(chat_span_equal(message.post.nonce, CHAT_SPAN("n")), "its nonce, decoded");
	ok(chat_span_equal(message.post.reply_to_json, one.reply_to_json), "its replyTo");
	is_str(message.user.id, USER, "its user's id");
	ok(chat_span_equal((struct chat_span){message.user.name_json, message.user.name_json_len},
		   (struct chat_span){alice.name_json, alice.name_json_len}),
		"and name");
	is_int(batch_next(&rest, &message, &err), 0, "the second is read");
	ok(chat_span_equal(message.post.file_data_json, two.file_data_json), "with its file");
	ok(chat_span_equal(message.channel, CHAT_SPAN("/two")), "in another channel");
	is_int(rest.len, 0, "and there is no third");
	chat_buf_free(&text);
}

static void
test_garbage(void)
{
	static const char *const lines[] = {
		"",
		"{}",
		"null",
		"{\"type\":\"text\",\"text\":\"a\"}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":1}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":1,\"channel\":\"/ops\"}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":1,\"channel\":\"ops\",\"senderId\":\"ab\"}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":1,\"channel\":\"/0123456789012345678901234567890123456789"
		"0123456789012345678901234\",\"senderId\":\"ab\"}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":1,\"channel\":\"/ops\",\"senderId\":\"a\\\"b\"}",
		"{\"type\":\"message\",\"id\":\"-\",\"sender\":\"a\",\"content\":\"\xff\","
		"\"timestamp\":1,\"channel\":\"/ops\",\"senderId\":\"ab\"}",
	};
	struct batch_message message;
	struct chat_err err;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct chat_span rest = chat_span_of(lines[i]);

		is_int(batch_next(&rest, &message, &err), -1, "garbage %zu is refused", i);
		is_int(rest.len, 0, "and passed over");
	}
}

int
main(void)
{
	test_there_and_back();
	test_garbage();
	return done();
}
