/*
 * Drafts of texts: what is written without reading it again is what the reader would read.
 */
#include "client/draft.h"

#include <stdlib.h>
#include <string.h>

#include "same_message.h"
#include "tap.h"
#include "text/buf.h"

static void
test_same(struct chat_span text, const char *name)
{
	struct draft draft = {0};
	struct chat_err err;
	struct chat_msg msg;
	struct chat_span body;
	char *decoded;

	ok(chat_draft_text(&draft, text, NULL, &err) == 0, "%s is a text", name);
	body = (struct chat_span){draft.body, draft.len};
	ok(chat_msg_read(&msg, body, CHAT_FROM_CLIENT, NULL) == 0 && msg.type == CHAT_TYPE_TEXT &&
			is_same_value(&draft.text, &msg.value[CHAT_SLOT_TEXT]),
		"and its draft is what is read");
	decoded = chat_msg_string(&msg.value[CHAT_SLOT_TEXT]);
	ok(chat_span_equal(chat_span_of(decoded), text), "and says it");
	free(decoded);
	chat_draft_free(&draft);
}

/* Each character where a word of eight bytes begins, ends and goes on. */
static void
test_each_place(void)
{
	static const char *const marks[] = {"\"", "\\", "\n", "\t", "\x01", "\x1F", "\x7F",
		"\xC3\xA9", "\xF0\x9F\x98\x80", "!"};
	size_t wrong = 0;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (size_t before = 0; before < 20; before++) {
			struct chat_buf text = {0};
			struct draft draft = {0};
			char *decoded;

			for (size_t j = 0; j < before; j++)
				chat_buf_append(&text, " ", 1);
			chat_buf_append_string(&text, marks[i]);
			for (size_t j = before; j < 20; j++)
				chat_buf_append(&text, "#", 1);
			wrong += chat_draft_text(&draft, chat_buf_span(&text), NULL, NULL) < 0;
			decoded = chat_msg_string(&draft.text);
			wrong += !chat_span_equal(chat_span_of(decoded), chat_buf_span(&text));
			wrong +=
				draft.text.escaped != (memchr(draft.body, '\\', draft.len) != NULL);
			free(decoded);
			chat_draft_free(&draft);
			chat_buf_free(&text);
		}
	is_int(wrong, 0, "each character at each place");
}

static void
test_refused(struct chat_span text, enum chat_code code, const char *name)
{
	struct draft draft;
	struct chat_err err = {.code = CHAT_OK};

	ok(chat_draft_text(&draft, text, NULL, &err) < 0, "%s is none", name);
	is_str(chat_code_word(err.code), chat_code_word(code), "because");
}

int
main(void)
{
	char most[1001];

	memset(most, 'x', sizeof(most));
	test_same(CHAT_SPAN("hi"), "a word");
	test_same(CHAT_SPAN("\xC3\xA9\xF0\x9F\x98\x80"), "another script");
	test_same(CHAT_SPAN("a \"quoted\" \\ one\r\n"), "one with escapes");
	test_same((struct chat_span){most, 1000}, "one of a thousand characters");
	test_each_place();
	test_refused((struct chat_span){most, 1001}, CHAT_TEXT_TOO_LONG, "one of one more");
	test_refused(CHAT_SPAN(""), CHAT_TEXT_EMPTY, "an empty one");
	test_refused(CHAT_SPAN("\xFF"), CHAT_BAD_UTF8, "one that is not UTF-8");
	test_refused((struct chat_span){"a\0b", 3}, CHAT_NUL_CHARACTER, "one with a NUL");
	return done();
}
