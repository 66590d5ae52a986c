/* The file of --tokens: what is a line of it, whom it lets in, and what a new token is. */
#include "serve/session/tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" /* "secret" */
#define OTHER "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa" /* "other" */

#define ALICE_ID "2bd806c97f0e00af1a1fc3328fa763a9"

static char path[64];

static void
write_file(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

/* The id of this user by this token, or "". */
static void
find(char id[TOKENS_ID_MAX + 1], const struct tokens *tokens, const char *name, const char *token)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	struct chat_span found;

	chat_sha256(digest, chat_span_of(token));
	found = tokens_find(tokens, chat_span_of(name), digest);
	snprintf(id, TOKENS_ID_MAX + 1, "%.*s", (int)found.len, found.at ? found.at : "");
}

static void
has(const struct tokens *tokens, const char *name, const char *token, const char *want)
{
	char id[TOKENS_ID_MAX + 1];

	find(id, tokens, name, token);
	is_str(id, want, "%s with '%s' is '%s'", name, token, want);
}

static void
test_good(void)
{
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
	has(&tokens, "alice", "secret", ALICE_ID);
	has(&tokens, "alice", "other", ALICE_ID);
	has(&tokens, "alice", "Secret", "");
	has(&tokens, "alice", "", "");
	has(&tokens, "alice", "secre", "");
	has(&tokens, "alice", "secret ", "");
	has(&tokens, "Alice", "secret", "");
	has(&tokens, "alic", "secret", "");
	has(&tokens, "alicea", "secret", "");
	has(&tokens, "bob", "other", "b-1");
	has(&tokens, "bob", "secret", "");
	has(&tokens, "c:d:e", "secret", "048daaf437a1c55156892628d8fffe3f");
	has(&tokens, "c:d", "secret", "");
	has(&tokens, "léa", "secret", "f3a80feff512a68f766f90d97618a927");
	has(&tokens, "#dan", "secret", "");
	has(&tokens, "nobody", "secret", "");

	write_file("carol:" SECRET "\n", 0600);
	is_int(tokens_reload(&tokens, &err), 0, "read again");
	has(&tokens, "carol", "secret", "4c26d9074c27d89ede59270c0ac14b71");
	has(&tokens, "alice", "secret", "");
	write_file("carol\n", 0600);
	is_int(tokens_reload(&tokens, &err), -1, "a bad one is not taken");
	has(&tokens, "carol", "secret", "4c26d9074c27d89ede59270c0ac14b71");
	tokens_free(&tokens);
}

/* A user is one id, and an id one user. */
static void
test_ids(void)
{
	struct tokens tokens;
	struct chat_err err = {0};

	write_file("alice:" SECRET "\nzoe:" SECRET ":z-1\nalice:" OTHER ":a-1\nbob:" SECRET "\n",
		0600);
	is_int(tokens_open(&tokens, path, &err), 0, "a line without an id beside one that has%s",
		err.text);
	has(&tokens, "alice", "secret", "a-1");
	has(&tokens, "alice", "other", "a-1");
	has(&tokens, "zoe", "secret", "z-1");
	tokens_free(&tokens);
	write_file("", 0600);
	is_int(tokens_open(&tokens, path, &err), 0, "nobody at all%s", err.text);
	has(&tokens, "alice", "secret", "");
	tokens_free(&tokens);
}

static void
test_many(void)
{
	struct chat_buf text = {0};
	struct tokens tokens;
	struct chat_err err = {0};
	char name[16], id[TOKENS_ID_MAX + 1];
	unsigned wrong = 0;

	for (unsigned i = 0; i < 3000; i++)
		chat_buf_printf(&text, "user%u:%s:id-%u\n", i * 7 % 3000, i % 2 ? SECRET : OTHER,
			i * 7 % 3000);
	chat_buf_append(&text, "", 1);
	write_file(text.at, 0600);
	is_int(tokens_open(&tokens, path, &err), 0, "three thousand users%s", err.text);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "user%u", i * 7 % 3000);
		find(id, &tokens, name, i % 2 ? "secret" : "other");
		wrong += strcmp(id, "id-") < 0 || strcmp(id + 3, name + 4) != 0;
		find(id, &tokens, name, i % 2 ? "other" : "secret");
		wrong += *id != '\0';
	}
	is_int(wrong, 0, "each has its own token and id");
	tokens_free(&tokens);
	chat_buf_free(&text);
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

/* The printed line of a new token lets its user in, under the id in it. */
static void
test_new(const char *name, const char *username, const char *id)
{
	struct chat_buf out = {0};
	struct chat_err err = {0};
	struct tokens tokens;
	char token[64] = "", line[192] = "", said[80] = "", *at;

	is_int(tokens_make(&out, name, &err), 0, "a token for %s%s", name, err.text);
	chat_buf_append(&out, "", 1);
	at = strstr(out.at, "\"token\":\"");
	if (at)
		sscanf(at + 9, "%63[0-9a-f]", token);
	at = strstr(out.at, "\"line\":\"");
	if (at)
		sscanf(at + 8, "%191[^\"]", line);
	at = strstr(out.at, "\"id\":\"");
	if (at)
		sscanf(at + 6, "%79[^\"]", said);
	is_int(strlen(token), 48, "of 192 bits");
	is_str(said, id, "with its id");
	ok(!strstr(line, token), "which is not in the line for the file");
	write_file(line, 0600);
	is_int(tokens_open(&tokens, path, &err), 0, "that line is one%s", err.text);
	has(&tokens, username, token, id);
	has(&tokens, "mallory", token, "");
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
	test_ids();
	test_many();
	test_bad("alice\n", 0600, "line 1: not username:sha256[:id]");
	test_bad("# x\nalice:abc\n", 0600, "line 2: not username:sha256[:id]");
	test_bad("alice:" SECRET "0\n", 0600, "line 1: not username:sha256[:id]");
	test_bad("alice:" SECRET ":\n", 0600,
		"line 1: expected one or more letters, digits or hyphens");
	test_bad("al:" SECRET "\n", 0600, "line 1: expected 3 to 20 characters, got 2");
	test_bad("alice:" SECRET "\n", 0620, "others may write it");
	test_bad("alice:" SECRET "\n", 0602, "others may write it");
	test_bad("alice:" SECRET ":a-1\nbob:" SECRET "\nalice:" OTHER ":a-2\n", 0600,
		"line 3: this user has another id in a line before");
	test_bad("bob:" SECRET ":a-1\nalice:" OTHER ":a-1\n", 0600,
		"line 1: this id is another user's, too");
	test_bad("alice:" SECRET "\nmallory:" OTHER ":" ALICE_ID "\n", 0600,
		"line 2: this id is another user's, too");
	test_bad("alice:" SECRET
		 ":12345678901234567890123456789012345678901234567890123456789012345\n",
		0600, "line 1: an id has at most 64 characters");
	unlink(path);
	test_new("alice", "alice", ALICE_ID);
	test_new("alice:a-1", "alice", "a-1");
	unlink(path);
	is_int(tokens_make(&out, "al", &err), -1, "too short a name gets none");
	is_int(tokens_make(&out, "alice:b c", &err), -1, "nor does one with a bad id");
	is_int(out.len, 0, "and nothing is printed");
	return done();
}
