/* The file of --tokens: what is a line of it, whom it lets in, and what a new token is. */
#include "serve/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" /* "secret" */
#define OTHER "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa" /* "other" */

static char path[64];

static void
write_file(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

static bool
admits(const struct tokens *tokens, const char *name, const char *id, const char *token)
{
	unsigned char digest[CHAT_SHA256_BYTES];

	chat_sha256(digest, chat_span_of(token));
	return tokens_admit(tokens, chat_span_of(name), chat_span_of(id), digest);
}

static void
test_good(void)
{
	static const struct {
		const char *name, *id, *token;
		bool admitted;
	} table[] = {
		{"alice", "anything", "secret", true},
		{"alice", "anything", "Secret", false},
		{"alice", "anything", "", false},
		{"alice", "anything", "secre", false},
		{"alice", "anything", "secret ", false},
		{"alice", "anything", "other", true},
		{"Alice", "anything", "secret", false},
		{"alic", "anything", "secret", false},
		{"bob", "b-1", "other", true},
		{"bob", "b-2", "other", false},
		{"bob", "b-1", "secret", false},
		{"c:d:e", "c-1", "secret", true},
		{"c:d", "c-1", "secret", false},
		{"léa", "l-1", "secret", true},
		{"#dan", "d-1", "secret", false},
		{"nobody", "n-1", "secret", false},
	};
	struct tokens tokens;
	struct chat_err err = {0};

	write_file("# who may come in\n\n"
		   "alice:" SECRET "\n"
		   "bob:" OTHER ":b-1\r\n"
		   "c:d:e:" SECRET "\n"
		   "  \n"
		   "#dan:" SECRET "\n"
		   "léa:" SECRET "\n"
		   "alice:" OTHER,
		0600);
	is_int(tokens_open(&tokens, path, &err), 0, "a file of tokens%s", err.text);
	is_int(tokens.count, 5, "five lines say something");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		is_int(admits(&tokens, table[i].name, table[i].id, table[i].token),
			table[i].admitted, "%s as %s with '%s'", table[i].name, table[i].id,
			table[i].token);

	write_file("carol:" SECRET "\n", 0600);
	is_int(tokens_reload(&tokens, &err), 0, "read again");
	ok(admits(&tokens, "carol", "c", "secret"), "the new one is in");
	ok(!admits(&tokens, "alice", "a", "secret"), "the old one is not");
	write_file("carol\n", 0600);
	is_int(tokens_reload(&tokens, &err), -1, "a bad one is not taken");
	ok(admits(&tokens, "carol", "c", "secret"), "and what was read before stays");
	tokens_free(&tokens);
}

static void
test_bad(const char *text, mode_t mode, const char *sentence)
{
	struct chat_err err = {0};
	struct tokens tokens;
	char want[192];

	write_file(text, mode);
	snprintf(want, sizeof(want), "%s: %s", path, sentence);
	is_int(tokens_open(&tokens, path, &err), -1, "'%s' is refused", text);
	is_int(err.code, CHAT_CANNOT_OPEN, "as a file that cannot be read");
	is_str(err.text, want, "with its name and line");
}

/* What is printed lets in whom it is for. */
static void
test_new(const char *name, const char *username, const char *id)
{
	struct chat_buf out = {0};
	struct chat_err err = {0};
	struct tokens tokens;
	char token[64] = "", line[160] = "", *at;

	is_int(tokens_make(&out, name, &err), 0, "a token for %s%s", name, err.text);
	chat_buf_append(&out, "", 1);
	at = strstr(out.at, "\"token\":\"");
	if (at)
		sscanf(at + 9, "%63[0-9a-f]", token);
	at = strstr(out.at, "\"line\":\"");
	if (at)
		sscanf(at + 8, "%159[^\"]", line);
	is_int(strlen(token), 48, "of 192 bits");
	ok(!strstr(line, token), "which is not in the line for the file");
	write_file(line, 0600);
	is_int(tokens_open(&tokens, path, &err), 0, "that line is one%s", err.text);
	ok(admits(&tokens, username, id, token), "and lets %s in", username);
	ok(!admits(&tokens, "mallory", id, token), "and nobody else");
	tokens_free(&tokens);
	chat_buf_free(&out);
}

int
main(void)
{
	struct chat_err err = {0};
	struct chat_buf out = {0};
	struct tokens tokens;

	snprintf(path, sizeof(path), "/tmp/chat-tokens.%d", (int)getpid());
	is_int(tokens_open(&tokens, path, &err), -1, "no file is an error");
	test_good();
	test_bad("alice\n", 0600, "line 1: not username:sha256[:id]");
	test_bad("# x\nalice:abc\n", 0600, "line 2: not username:sha256[:id]");
	test_bad("alice:" SECRET "0\n", 0600, "line 1: not username:sha256[:id]");
	test_bad("alice:" SECRET ":\n", 0600,
		"line 1: expected one or more letters, digits or hyphens");
	test_bad("al:" SECRET "\n", 0600, "line 1: expected 3 to 20 characters, got 2");
	test_bad("alice:" SECRET "\n", 0620, "others may write it");
	test_bad("alice:" SECRET "\n", 0602, "others may write it");
	unlink(path);
	test_new("alice", "alice", "a-1");
	test_new("alice:a-1", "alice", "a-1");
	unlink(path);
	is_int(tokens_make(&out, "al", &err), -1, "too short a name gets none");
	is_int(tokens_make(&out, "alice:b c", &err), -1, "nor does one with a bad id");
	is_int(out.len, 0, "and nothing is printed");
	return done();
}
