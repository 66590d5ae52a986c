/*
 * Checking messages: all findings are reported, in order, each with its place, its code and its
 * sentence; strict checking finds more. Very large messages are read and checked, too.
 */
#include "chat/msg.h"

#include <stdlib.h>

#include "guard.h"
#include "tap.h"
#include "text/buf.h"

#define SAID "\"type\":\"message\",\"id\":\"1\",\"sender\":\"a\",\"content\":\"b\",\"timestamp\":1"

static void
write_finding(void *arg, const struct chat_err *finding)
{
	chat_buf_printf(arg, "%zu %s %s: %s\n", finding->offset, chat_code_word(finding->code),
		finding->field, finding->text);
}

static void
is_found(const char *line, bool strict, const char *want, const char *name)
{
	struct chat_buf got = {0};
	size_t len = strlen(line);

	chat_msg_check(NULL, (struct chat_span){guard_copy(line, len), len}, CHAT_FROM_ANY, strict,
		write_finding, &got);
	chat_buf_append(&got, "", 1);
	is_str(got.at, want, "%s", name);
	chat_buf_free(&got);
}

static void
test_findings(void)
{
	is_found("{\"type\":\"userData\",\"users\":[{\"id\":\"a\",\"username\":\"b\",\"online\":1},"
		 "7,"
		 "{\"id\":null}]}",
		false,
		"62 bad_message /users/0/online: expected boolean, got number\n"
		"65 bad_message /users/1: expected object, got number\n"
		"73 bad_message /users/2/id: expected string, got null\n"
		"77 bad_message /users/2/username: is missing\n"
		"77 bad_message /users/2/online: is missing\n",
		"every finding of a line, in its order");
	is_found("{\"type\":\"init\",\"username\":\"ab\",\"id\":\"\"}", false,
		"26 bad_message /username: expected 3 to 20 characters, got 2\n"
		"36 bad_message /id: expected one or more letters, digits or hyphens\n",
		"limits and patterns");
	is_found("{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":0,\"data\":"
		 "\"aG*\"}}",
		false,
		"52 bad_message /file/size: expected at least 1\n"
		"64 bad_base64 /file/data: expected base64\n",
		"a file");
	is_found("{" SAID "}{}", false, "68 trailing_data : a second message on the same line\n",
		"two messages");
	is_found("{\"type\":\"text\",\"text\":1,\"text\":\"a", false,
		"22 bad_message /text: expected string, got number\n"
		"24 duplicate_key /text: the object has this key already\n"
		"33 bad_json : the line ends inside the message\n",
		"what comes before broken JSON is found too");
	is_found("{\"type\":\"text\",\"text\":1,\"x\":\"\xFF\"}", false,
		"22 bad_message /text: expected string, got number\n"
		"29 bad_utf8 : a byte that is not UTF-8\n",
		"and before broken UTF-8");
	is_found("{\"text\":1}", false, "9 bad_message /type: is missing\n", "no type");
	is_found("{\"type\":1}", false, "8 bad_message /type: expected string, got number\n",
		"a type that is no word");
	is_found("[]", false, "0 bad_message : expected object, got array\n", "no object");
	is_found("{\"type\":\"file\",\"file\":{\"size\":1.5}}", false,
		"30 bad_message /file/size: expected integer, got a fraction\n"
		"33 bad_message /file/name: is missing\n"
		"33 bad_message /file/type: is missing\n"
		"33 bad_message /file/data: is missing\n",
		"missing things are missing where the object ends");
	is_found("{\"type\":\"history\",\"messages\":[{\"type\":\"text\"}]}", false,
		"38 bad_message /messages/0/type: expected \"message\"\n"
		"44 bad_message /messages/0/id: is missing\n"
		"44 bad_message /messages/0/sender: is missing\n"
		"44 bad_message /messages/0/content: is missing\n"
		"44 bad_message /messages/0/timestamp: is missing\n",
		"history holds messages");
}

static void
test_strict(void)
{
	is_found("{\"type\":\"text\",\"x\":{\"a\":1,\"b\":2,\"\\u0061\":3},\"text\":\"a\",\"x\":4,"
		 "\"text\":\"b\"}",
		true,
		"32 duplicate_key : the object has this key already\n"
		"55 duplicate_key : the object has this key already\n"
		"61 duplicate_key /text: the object has this key already\n",
		"keys twice at any depth, those of the table once");
	is_found("{\"x\":[{\"a\":1,\"a\":1},{\"a\":1}],\"y\":{\"a\":{\"a\":1},\"b\":1},\"y\":[",
		true,
		"13 duplicate_key : the object has this key already\n"
		"53 duplicate_key : the object has this key already\n"
		"58 bad_json : the line ends inside the message\n",
		"up to where the JSON breaks");
	is_found("{\"type\":\"init\",\"username\":\"a\\u202eb\",\"id\":\"a\",\"since\":1,"
		 "\"presence\":\"seen\"}",
		true,
		"26 bad_username /username: a username has no control characters\n"
		"54 bad_message /since: expected string, got number\n"
		"67 bad_message /presence: expected \"hidden\"\n",
		"usernames and additions");
	is_found("{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":3,\"data\":"
		 "\"aGk=\"}}",
		true, "61 bad_message /file/data: the data has 2 bytes, which is not the size\n",
		"a size that is not the data's");
	is_found("{\"type\":\"file\",\"file\":{\"data\":\"\\u0061Gk\",\"size\":2,\"name\":\"a\","
		 "\"type\":\"b\"}}",
		true,
		"30 bad_base64 /file/data: expected base64 with padding and without stray bits\n",
		"base64 without padding");
	is_found("{" SAID ",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":1,\"data\":\"aGk=\"}}",
		true, "114 bad_message /file/data: the data has 2 bytes, which is not the size\n",
		"a file in a message");
	is_found("{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":2e0,\"data\":"
		 "\"aGk=\"},"
		 "\"nonce\":\"n\",\"more\":[1,{\"a\":1}]}",
		true, "", "nothing against a good one");
}

/* ---- messages too big for a file of the corpus ---- */

static void
test_big(void)
{
	static const char head[] =
		"{\"type\":\"message\",\"id\":\"1\",\"sender\":\"a\",\"content\":\"b\","
		"\"timestamp\":";
	struct chat_buf line = {0};
	struct chat_msg msg;
	struct chat_err err;

	chat_buf_append_string(&line, head);
	for (int i = 0; i < 1000000; i++)
		chat_buf_append(&line, "7", 1);
	chat_buf_append(&line, "}", 1);
	is_int(chat_msg_read(&msg, chat_buf_span(&line), CHAT_FROM_SERVER, &err), 0,
		"a timestamp of a million digits");
	line.len = 0;
	chat_buf_append_string(&line, "{\"type\":\"text\",\"text\":\"a\",\"x\":");
	for (int i = 0; i < 1 << 20; i++)
		chat_buf_append(&line, "[", 1);
	is_int(chat_msg_read(&msg, chat_buf_span(&line), CHAT_FROM_CLIENT, &err), -1,
		"1 MiB of nesting");
	is_str(chat_code_word(err.code), "too_deep", "is too deep");
	line.len = 0;
	chat_buf_append_string(&line, "{\"type\":\"text\",\"text\":\"a\",\"x\":{\"k\":0");
	for (int i = 0; i < 100000; i++)
		chat_buf_printf(&line, ",\"k%d\":%d", i, i);
	chat_buf_append_string(&line, ",\"k50000\":1}}");
	is_int(chat_msg_check(NULL, chat_buf_span(&line), CHAT_FROM_CLIENT, true, write_finding,
		       &(struct chat_buf){.limit = 1}),
		1, "one key twice among 100,000");
	chat_buf_free(&line);
}

int
main(void)
{
	test_findings();
	test_strict();
	test_big();
	return done();
}
