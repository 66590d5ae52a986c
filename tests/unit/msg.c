/*
 * Reading messages: each file of the corpus gives the error in its name. Then what a name cannot
 * say: the values of a message, the direction that it comes from, and which error comes first.
 */
#include "chat/msg.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "message/rules.h"
#include "tap.h"
#include "text/buf.h"

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

/* ---- types and errors ---- */

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

int
main(void)
{
	test_corpus("tests/corpus/valid", 200);
	test_corpus("tests/corpus/invalid", 700);
	test_text();
	test_file_message();
	test_additions();
	test_way();
	test_directions();
	test_input();
	test_precedence();
	return done();
}
