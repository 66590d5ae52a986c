/*
 * Reading messages: each file of the corpus gives the error in its name. Then what a name cannot
 * say: the values, the order, the places and the sentences of findings, and strict checking.
 */
#include "chat/msg.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "chat/buf.h"
#include "guard.h"
#include "tap.h"

/* ---- the corpus ---- */

/* tests/corpus/invalid/<code>-<from>-<what>.json, tests/corpus/valid/<from>-<what>.json */
static bool
parse_name(const char *name, char *code, size_t size, enum chat_direction *from)
{
	const char *dash = strchr(name, '-');

	*code = '\0';
	if (strncmp(name, "client-", 7) != 0 && strncmp(name, "server-", 7) != 0) {
		if (!dash || (size_t)(dash - name) >= size)
			return false;
		memcpy(code, name, (size_t)(dash - name));
		code[dash - name] = '\0';
		name = dash + 1;
	}
	*from = strncmp(name, "client-", 7) == 0 ? CHAT_FROM_CLIENT : CHAT_FROM_SERVER;
	return *from == CHAT_FROM_CLIENT || strncmp(name, "server-", 7) == 0;
}

struct seen {
	const char *code; /* looked for */
	unsigned findings, matches;
	size_t last;
	bool ordered;
};

static void
see(void *arg, const struct chat_err *finding)
{
	struct seen *seen = arg;

	seen->findings++;
	seen->matches += strcmp(chat_code_word(finding->code), seen->code) == 0;
	seen->ordered &= finding->offset >= seen->last;
	seen->last = finding->offset;
}

static void
test_bytes(const char *name, const char *code, enum chat_direction from, struct chat_span line)
{
	struct chat_msg msg;
	struct chat_err err = {0};
	int result = chat_msg_read(&msg, line, from, &err);
	const char *word = code[0] ? code : "ok";

	is_str(chat_code_word(result == 0 ? CHAT_OK : err.code), word, "%s", name);
	if (result == 0)
		ok(msg.type != CHAT_TYPE_UNKNOWN && chat_rules[msg.type].from == from,
			"%s: a type of its direction", name);
	else
		ok(err.offset <= line.len && err.text[0], "%s: a place and a text", name);
	for (int strict = 0; strict <= 1; strict++) {
		struct seen seen = {.code = word, .ordered = true};
		unsigned count = chat_msg_check(NULL, line, from, strict, see, &seen);

		is_int(count, seen.findings, "%s: the number of findings", name);
		if (!strict || result != 0)
			ok((count == 0) == (result == 0) && (count == 0 || seen.matches > 0),
				"%s: found too%s", name, strict ? ", strictly" : "");
		ok(seen.ordered, "%s: in the order of the line", name);
	}
}

static void
test_file(const char *folder, const char *name)
{
	char path[512], code[32], bytes[GUARD_MAX];
	enum chat_direction from = CHAT_FROM_ANY;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!ok(file && parse_name(name, code, sizeof(code), &from), "%s can be read", name))
		return;
	len = fread(bytes, 1, sizeof(bytes), file);
	ok(len < sizeof(bytes) && !ferror(file), "%s is read whole", name);
	fclose(file);
	test_bytes(name, code, from, (struct chat_span){guard_copy(bytes, len), len});
}

static int
is_case(const struct dirent *entry)
{
	return strstr(entry->d_name, ".json") != NULL;
}

static void
test_corpus(const char *folder, int at_least)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_case, alphasort);

	ok(count >= at_least, "%s has its files", folder);
	for (int i = 0; i < count; i++) {
		test_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* ---- values ---- */

static void
is_span(struct chat_span got, const char *want, const char *name)
{
	if (!ok(chat_span_equal(got, chat_span_of(want)), "%s", name))
		printf("# got %.*s\n", (int)got.len, got.at);
}

static void
test_text(void)
{
	static const char line[] =
		" {\"x\":[{}],\"nonce\":\"n\\n1\",\"text\":\"hi \\u00e9\",\"type\":\"text\"}\r";
	struct chat_msg msg;
	char *text;

	is_int(chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_CLIENT, NULL), 0, "a text");
	is_int(msg.type, CHAT_TYPE_TEXT, "is a text");
	is_int(msg.line.len, sizeof(line) - 3, "white space around it is taken off");
	ok(msg.line.at == line + 1, "and it is a part of the line");
	ok(chat_msg_has(&msg, CHAT_SLOT_TEXT) && chat_msg_has(&msg, CHAT_SLOT_NONCE) &&
			!chat_msg_has(&msg, CHAT_SLOT_REPLY_TO),
		"it has what it has");
	is_span(msg.value[CHAT_SLOT_TEXT].raw, "\"hi \\u00e9\"", "the text as it stands");
	is_int(msg.value[CHAT_SLOT_TEXT].points, 4, "its length");
	text = chat_msg_string(&msg.value[CHAT_SLOT_TEXT]);
	is_str(text, "hi \xC3\xA9", "the text decoded");
	free(text);
	text = chat_msg_string(&msg.value[CHAT_SLOT_NONCE]);
	is_str(text, "n\n1", "the nonce decoded");
	free(text);
}

static void
test_file_message(void)
{
	static const char line[] = "{\"type\":\"file\",\"file\":{\"name\":\"a\",\"type\":\"b\","
				   "\"size\":2.0,\"data\":\"aGk=\"},\"replyTo\":\"9\"}";
	struct chat_msg msg;
	int64_t size;

	is_int(chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_ANY, NULL), 0, "a file");
	is_span(msg.value[CHAT_SLOT_FILE].raw,
		"{\"name\":\"a\",\"type\":\"b\",\"size\":2.0,\"data\":\"aGk=\"}", "whole");
	is_span(msg.value[CHAT_SLOT_FILE_NAME].raw, "\"a\"", "its name");
	is_span(msg.value[CHAT_SLOT_FILE_TYPE].raw, "\"b\"", "its type, beside the message's");
	is_span(msg.value[CHAT_SLOT_TYPE].raw, "\"file\"", "which is this");
	is_span(msg.value[CHAT_SLOT_FILE_DATA].raw, "\"aGk=\"", "its data");
	ok(chat_json_int64(msg.value[CHAT_SLOT_FILE_SIZE].raw, &size) && size == 2, "its size");
	is_span(msg.value[CHAT_SLOT_REPLY_TO].raw, "\"9\"", "what it answers");
}

#define SAID "\"type\":\"message\",\"id\":\"1\",\"sender\":\"a\",\"content\":\"b\",\"timestamp\":1"

static uint64_t
has_after(const char *line, const char *name)
{
	struct chat_msg msg;

	is_int(chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_ANY, NULL), 0, "%s", name);
	return msg.has;
}

#define BIT(slot) (UINT64_C(1) << CHAT_SLOT_##slot)

/* An additional property of a wrong shape is no error and counts as absent. */
static void
test_additions(void)
{
	uint64_t file = BIT(FILE) | BIT(FILE_NAME) | BIT(FILE_TYPE) | BIT(FILE_SIZE);
	uint64_t has;

	has = has_after("{" SAID
			",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":1,\"data\":\"aA\"}}",
		"a message with a file");
	is_int(has & file, file, "has the file");
	has = has_after("{" SAID
			",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":0,\"data\":\"aA\"}}",
		"a message with a file of no size");
	is_int(has & (file | BIT(FILE_DATA)), 0, "has nothing of it");
	has = has_after("{" SAID ",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":1}}",
		"a message with a file without data");
	is_int(has & file, 0, "has nothing of it either");
	has = has_after("{" SAID
			",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":1,\"omitted\":true}}",
		"unless the data was omitted");
	is_int(has & (file | BIT(FILE_OMITTED) | BIT(FILE_DATA)), file | BIT(FILE_OMITTED),
		"has the rest");
	has = has_after("{" SAID
			",\"file\":{\"name\":\"a\",\"type\":\"b\",\"size\":1,\"omitted\":false}}",
		"which it must say");
	is_int(has & file, 0, "has nothing");
	has = has_after("{\"type\":\"text\",\"text\":\"a\",\"nonce\":\"\",\"replyTo\":7}",
		"a text with additions of wrong shapes");
	is_int(has, BIT(TYPE) | BIT(TEXT), "has only the text");
	has = has_after(
		"{\"type\":\"init\",\"username\":\"abc\",\"id\":\"a\",\"presence\":\"seen\"}",
		"an init with another presence");
	is_int(has & BIT(PRESENCE), 0, "has none");
	has = has_after("{\"type\":\"userData\",\"users\":[],\"server\":{\"a\":[1]},\"total\":1e3}",
		"userData with additions");
	is_int(has, BIT(TYPE) | BIT(USERS) | BIT(SERVER) | BIT(TOTAL), "has them");
}

#define W95 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567" \
	"89abcde"

/* `via` and `hops`, which tell where a message has been, are bounded for every sender. */
static void
test_way(void)
{
	static const char *const good[] = {"\"via\":[]", "\"via\":[ \"0a1b/ops\" , \"c/~._-:\" ]",
		"\"via\":[\"\\u0061/\"]",
		"\"via\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]",
		"\"via\":[\"" W95 "/\"]", "\"hops\":0", "\"hops\":1", "\"hops\":1e3",
		"\"hops\":1000"};
	static const char *const bad[] = {"\"via\":\"0a1b/ops\"", "\"via\":[\"\"]", "\"via\":[7]",
		"\"via\":[[\"a\"]]", "\"via\":[\"a b\"]", "\"via\":[\"\303\251\"]",
		"\"via\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
		"\"via\":[\"" W95 "/0\"]", "\"via\":{\"a\":\"b\"}", "\"hops\":-1", "\"hops\":1001",
		"\"hops\":1e99", "\"hops\":1.5", "\"hops\":\"1\"", "\"hops\":null"};
	char line[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "{\"type\":\"text\",\"text\":\"a\",%s}", good[i]);
		ok(has_after(line, good[i]) & (BIT(VIA) | BIT(HOPS)), "is taken");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "{\"type\":\"text\",\"text\":\"a\",%s}", bad[i]);
		is_int(has_after(line, bad[i]), BIT(TYPE) | BIT(TEXT), "is not there");
	}
}

/* ---- findings ---- */

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
test_directions(void)
{
	struct chat_err err;

	chat_msg_read(&(struct chat_msg){0}, CHAT_SPAN("{\"type\":\"x\"}"), CHAT_FROM_CLIENT, &err);
	is_str(err.text, "expected one of init, text, file", "the known types are listed");
	chat_msg_read(
		&(struct chat_msg){0}, CHAT_SPAN("{\"type\":\"error\"}"), CHAT_FROM_CLIENT, &err);
	is_str(err.text, "only a server says \"error\"; expected one of init, text, file",
		"a type of the other direction is named");
	chat_msg_read(
		&(struct chat_msg){0}, CHAT_SPAN("{\"type\":\"init\"}"), CHAT_FROM_SERVER, &err);
	is_str(err.text,
		"only a client says \"init\"; expected one of message, error, userData, "
		"userStatus, "
		"history",
		"in the other direction too");
	is_str(err.field, "/type", "both are about the type");
}

/* In the input of chat-send, `type` may be left out. */
static void
test_input(void)
{
	struct chat_msg msg;
	struct chat_err err;

	is_int(chat_msg_read(&msg, CHAT_SPAN("{\"text\":\"a\"}"), CHAT_FROM_INPUT, &err), 0,
		"a bare text");
	is_int(msg.type, CHAT_TYPE_TEXT, "is a text");
	is_int(chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"text\",\"text\":\"a\"}"), CHAT_FROM_INPUT,
		       &err),
		0, "so is one with its type");
	chat_msg_read(&msg, CHAT_SPAN("{\"file\":{},\"x\":1}"), CHAT_FROM_INPUT, &err);
	is_str(err.field, "/file/name", "a bare file is held to the rules of a file");
	chat_msg_read(&msg, CHAT_SPAN("{\"x\":{\"text\":\"a\"}}"), CHAT_FROM_INPUT, &err);
	is_str(err.field, "/type", "what is neither lacks its type");
	is_int(chat_msg_read(&msg, CHAT_SPAN("{\"text\":\"a\"}"), CHAT_FROM_CLIENT, &err), -1,
		"a client says its type");
	chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"init\"}"), CHAT_FROM_INPUT, &err);
	is_str(err.text, "chat-send says \"init\" by itself; expected one of text, file",
		"init is not for it");
}

static void
test_precedence(void)
{
	struct chat_msg msg;
	struct chat_err err;

	chat_msg_read(
		&msg, CHAT_SPAN("{\"type\":\"text\",\"text\":\"\",\"x\":}"), CHAT_FROM_ANY, &err);
	is_str(chat_code_word(err.code), "bad_json", "broken JSON goes before an empty text");
	chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"text\",\"text\":1,\"text\":\"\"}"),
		CHAT_FROM_ANY, &err);
	is_str(chat_code_word(err.code), "bad_message", "the first finding is the error");
	is_int(chat_msg_read(&msg, CHAT_SPAN("{"), CHAT_FROM_ANY, NULL), -1,
		"nobody needs to know why");
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

static void
test_usernames(void)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"abc", true},
		{"a b", true},
		{"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80", true},
		{"a\xC2\xA0"
		 "b",
			true},
		{" ab", false},
		{"ab ", false},
		{"\xC2\xA0"
		 "ab",
			false},
		{"ab\xE3\x80\x80", false},
		{"a\tb", false},
		{"a\x7F"
		 "b",
			false},
		{"a\xC2\x80"
		 "b",
			false},
		{"a\xC2\x9F"
		 "b",
			false},
		{"a\xE2\x80\xA8"
		 "b",
			false},
		{"a\xE2\x80\xA9"
		 "b",
			false},
		{"a\xE2\x80\xAE"
		 "b",
			false},
		{"a\xE2\x81\xA6"
		 "b",
			false},
		{"al\xE2\x80\x8Bice", false},
		{"al\xE2\x80\x8Dice", false},
		{"al\xC2\xADice", false},
		{"alice\xEF\xB8\x8F", false},
		{"\xE2\xA0\x80\xE2\xA0\x80\xE2\xA0\x80", false},
		{"\xE3\x85\xA4\xE3\x85\xA4\xE3\x85\xA4", false},
		{"bob\xF3\xA0\x81\xA1", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat_err err = {0};
		int result = chat_username_check(chat_span_of(cases[i].name), &err);

		is_int(result, cases[i].good ? 0 : -1, "username %zu", i);
		if (result < 0)
			is_str(chat_code_word(err.code), "bad_username", "username %zu: why", i);
	}
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
	test_corpus("tests/corpus/valid", 200);
	test_corpus("tests/corpus/invalid", 700);
	test_text();
	test_file_message();
	test_additions();
	test_way();
	test_findings();
	test_directions();
	test_input();
	test_precedence();
	test_strict();
	test_usernames();
	test_big();
	return done();
}
