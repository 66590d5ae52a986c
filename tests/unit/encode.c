/* The encoded messages of a client are right to the byte, and the reader accepts them. */
#include "message/encode.h"

#include <stdio.h>
#include <stdlib.h>

#include "chat/msg.h"
#include "tap.h"
#include "text/buf.h"

/* Compares an encoded line with the expected one, and frees it. */
static void
is_line(char *line, const char *want, const char *name)
{
	is_str(line, want, "%s", name);
	free(line);
}

static void
test_init(void)
{
	struct chat_encode_init init = {.username = "alice123", .id = "client-98765"};

	is_line(chat_encode_init(&init),
		"{\"type\":\"init\",\"username\":\"alice123\",\"id\":\"client-98765\"}",
		"init, the specification's");
	init.token = "s3cret";
	init.since = "1-2";
	init.hidden = true;
	is_line(chat_encode_init(&init),
		"{\"type\":\"init\",\"username\":\"alice123\",\"id\":\"client-98765\","
		"\"token\":\"s3cret\",\"since\":\"1-2\",\"presence\":\"hidden\"}",
		"init with everything");
}

static void
test_text(void)
{
	is_line(chat_encode_text("Hello everyone!", NULL, NULL),
		"{\"type\":\"text\",\"text\":\"Hello everyone!\"}", "text, the specification's");
	is_line(chat_encode_text("yes", "n-1", "7-8"),
		"{\"type\":\"text\",\"text\":\"yes\",\"nonce\":\"n-1\",\"replyTo\":\"7-8\"}",
		"text with everything");
	is_line(chat_encode_text("a\"b\\c/d\n\t\x01\x1F\x7F", NULL, NULL),
		"{\"type\":\"text\",\"text\":\"a\\\"b\\\\c/d\\n\\t\\u0001\\u001f\x7F\"}",
		"what JSON wants escaped is");
	is_line(chat_encode_text("gr\xC3\xBC\xC3\x9F \xF0\x9F\x99\x82 \xE2\x80\xAE", NULL, NULL),
		"{\"type\":\"text\",\"text\":\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x99\x82 \xE2\x80\xAE\"}",
		"the rest goes as it is");
}

static void
test_file(void)
{
	struct chat_encode_file file = {
		.name = "a \"b\".txt", .type = "text/plain", .bytes = "foob", .size = 4};

	is_line(chat_encode_file(&file),
		"{\"type\":\"file\",\"file\":{\"name\":\"a \\\"b\\\".txt\",\"type\":\"text/plain\","
		"\"size\":4,\"data\":\"Zm9vYg==\"}}",
		"file");
	file.nonce = "n";
	file.reply_to = "r";
	file.bytes = "\0";
	file.size = 1;
	is_line(chat_encode_file(&file),
		"{\"type\":\"file\",\"file\":{\"name\":\"a \\\"b\\\".txt\",\"type\":\"text/plain\","
		"\"size\":1,\"data\":\"AA==\"},\"nonce\":\"n\",\"replyTo\":\"r\"}",
		"file with everything");
}

static void
test_string(void)
{
	is_line(chat_encode_string(CHAT_SPAN("")), "\"\"", "an empty string");
	is_line(chat_encode_string((struct chat_span){NULL, 0}), "\"\"", "an empty span");
	is_line(chat_encode_string((struct chat_span){"cut here", 3}), "\"cut\"",
		"a span's length");
	is_line(chat_encode_string(CHAT_SPAN("a\"\\\n\x1B")), "\"a\\\"\\\\\\n\\u001b\"", "escapes");
}

/* Strict checking accepts what was encoded; every text of one byte is read back unchanged. */
static void
test_reader_agrees(void)
{
	unsigned wrong = 0;

	for (int byte = 1; byte < 0x80; byte++) {
		char text[2] = {(char)byte, '\0'};
		char *line = chat_encode_text(text, "n", NULL), *back = NULL;
		struct chat_msg msg;

		if (chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_CLIENT, NULL) == 0)
			back = chat_msg_string(&msg.value[CHAT_SLOT_TEXT]);
		wrong += !back || strcmp(back, text) != 0;
		free(back);
		free(line);
	}
	is_int(wrong, 0, "every ASCII character is read back");
}

static void
test_big_file(void)
{
	size_t size = 1500000;
	char *bytes = chat_alloc(size), *line;
	struct chat_encode_file file = {.name = "big", .type = "x/y", .bytes = bytes, .size = size};
	struct chat_msg msg;
	struct chat_err err = {.text = ""};
	int64_t said = 0;

	memset(bytes, 0xA5, size);
	line = chat_encode_file(&file);
	if (!ok(chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_CLIENT, &err) == 0, "a big file"))
		printf("# %s\n", err.text);
	else
		is_int(msg.value[CHAT_SLOT_FILE_DATA].raw.len, size / 3 * 4 + 2, "all its data");
	ok(chat_json_int64(msg.value[CHAT_SLOT_FILE_SIZE].raw, &said) && said == (int64_t)size,
		"its size is said in digits");
	free(line);
	free(bytes);
}

int
main(void)
{
	test_init();
	test_text();
	test_file();
	test_string();
	test_reader_agrees();
	test_big_file();
	return done();
}
