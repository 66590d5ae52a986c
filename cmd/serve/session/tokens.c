/* Reads the file of --tokens, and makes tokens. File and server keep digests of tokens only. */
#include "serve/session/tokens.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chat/msg.h"
#include "message/encode.h"
#include "message/username.h"
#include "text/err.h"
#include "wire/random.h"

#define HEX_LEN (2 * CHAT_SHA256_BYTES)
#define TOKEN_BYTES 24 /* random */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
hex_read(unsigned char *bytes, struct chat_span hex)
{
	if (hex.len != HEX_LEN)
		return false;
	for (size_t i = 0; i < hex.len; i += 2) {
		int high = hex_digit(hex.at[i]), low = hex_digit(hex.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void
tokens_derive_id(char id[TOKENS_ID_LEN + 1], struct chat_span username)
{
	unsigned char digest[CHAT_SHA256_BYTES];

	chat_sha256(digest, username);
	chat_hex(id, digest, TOKENS_ID_LEN / 2);
}

/* Checks a username and an id (NULL: any) by the rules of init. */
static int
names_check(const char *username, const char *id, struct chat_err *err)
{
	char *init = chat_encode_init(
		&(struct chat_encode_init){.username = username, .id = id ? id : "any"});
	struct chat_msg msg;
	int valid = chat_msg_read(&msg, chat_span_of(init), CHAT_FROM_CLIENT, err);

	free(init);
	if (valid == 0 && id && strlen(id) > TOKENS_ID_MAX)
		return chat_fail(err, CHAT_USAGE, "an id has at most %d characters", TOKENS_ID_MAX);
	return valid < 0 ? -1 : chat_username_check(chat_span_of(username), err);
}

/* ---- the file ---- */

static void
token_free(struct token *token)
{
	free(token->username);
	free(token->id);
}

/* Cuts off the last colon and the part after it, which it returns; at is NULL without a colon. */
static struct chat_span
cut_last(struct chat_span *line)
{
	const char *colon = memrchr(line->at, ':', line->len);
	struct chat_span part = {0};

	if (!colon)
		return part;
	part = (struct chat_span){colon + 1, (size_t)(line->at + line->len - colon - 1)};
	line->len = (size_t)(colon - line->at);
	return part;
}

/* A username may contain colons, so the line is read from its end: first an id or a digest. */
static int
token_read(struct token *token, struct chat_span line, struct chat_err *err)
{
	struct chat_span last = cut_last(&line), before = line, id = {0};

	if (hex_read(token->digest, cut_last(&before))) {
		id = last;
		line = before;
	} else if (!last.at || !hex_read(token->digest, last)) {
		return chat_fail(err, CHAT_CANNOT_OPEN, "not username:sha256[:id]");
	}
	if (memchr(line.at, '\0', line.len))
		return chat_fail(err, CHAT_CANNOT_OPEN, "not text");
	token->username = chat_strndup(line.at, line.len);
	token->id = id.at ? chat_strndup(id.at, id.len) : NULL;
	if (names_check(token->username, token->id, err) == 0)
		return 0;
	token_free(token);
	return -1;
}

static int
compare_names(const struct token *a, const struct token *b)
{
	int order = strcmp(a->username, b->username);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int
by_name(const void *a, const void *b)
{
	return compare_names(a, b);
}

static int
by_id(const void *a, const void *b)
{
	const struct token *const *one = a, *const *other = b;
	int order = strcmp((*one)->id, (*other)->id);

	return order ? order : compare_names(*one, *other);
}

static int
fail_line(const struct tokens *tokens, struct chat_err *err, size_t line, const char *why)
{
	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: line %zu: %s", tokens->path, line, why);
}

/* Gives one id to all lines of a user. */
static int
settle_user(const struct tokens *tokens, size_t first, size_t end, struct chat_err *err)
{
	char derived[TOKENS_ID_LEN + 1];
	const char *id = NULL;

	for (size_t i = first; i < end; i++) {
		const char *other = tokens->at[i].id;

		if (id && other && strcmp(id, other) != 0)
			return fail_line(tokens, err, tokens->at[i].line,
				"this user has another id in a line before");
		id = other ? other : id;
	}
	if (!id) {
		tokens_derive_id(derived, chat_span_of(tokens->at[first].username));
		id = derived;
	}
	for (size_t i = first; i < end; i++)
		if (!tokens->at[i].id)
			tokens->at[i].id = chat_strndup(id, strlen(id));
	return 0;
}

static int
settle_users(const struct tokens *tokens, struct chat_err *err)
{
	size_t first = 0;

	for (size_t i = 1; i <= tokens->count; i++) {
		if (i < tokens->count &&
			strcmp(tokens->at[i].username, tokens->at[first].username) == 0)
			continue;
		if (settle_user(tokens, first, i, err) < 0)
			return -1;
		first = i;
	}
	return 0;
}

/* Refuses two users with one id: each could act as the other. */
static int
check_ids(const struct tokens *tokens, struct chat_err *err)
{
	const struct token **sorted = chat_alloc((tokens->count + 1) * sizeof(*sorted));
	int status = 0;

	for (size_t i = 0; i < tokens->count; i++)
		sorted[i] = &tokens->at[i];
	qsort(sorted, tokens->count, sizeof(*sorted), by_id);
	for (size_t i = 1; i < tokens->count && status == 0; i++)
		if (strcmp(sorted[i]->id, sorted[i - 1]->id) == 0 &&
			strcmp(sorted[i]->username, sorted[i - 1]->username) != 0)
			status = fail_line(
				tokens, err, sorted[i]->line, "this id is another user's, too");
	free(sorted);
	return status;
}

static int
tokens_settle(struct tokens *tokens, struct chat_err *err)
{
	if (tokens->count == 0)
		return 0;
	qsort(tokens->at, tokens->count, sizeof(*tokens->at), by_name);
	return settle_users(tokens, err) < 0 ? -1 : check_ids(tokens, err);
}

/* Returns the line without its end and the blanks before that, and the first without a BOM. */
static struct chat_span
line_strip(const char *line, size_t len, bool first)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t skip = first && len >= strlen(mark) && !memcmp(line, mark, strlen(mark))
		? strlen(mark)
		: 0;

	while (len > skip && strchr("\r\n \t", line[len - 1]) && line[len - 1])
		len--;
	return (struct chat_span){line + skip, len - skip};
}

static int
tokens_read(struct tokens *tokens, FILE *file, struct chat_err *err)
{
	struct chat_err why;
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int status = 0;

	while (status == 0 && (len = getline(&line, &cap, file)) >= 0) {
		struct token token = {0};

		struct chat_span text = line_strip(line, (size_t)len, ++number == 1);

		if (text.len == 0 || *text.at == '#')
			continue;
		if (token_read(&token, text, &why) < 0) {
			status = fail_line(tokens, err, number, why.text);
			break;
		}
		token.line = number;
		tokens->at = chat_realloc(tokens->at, (tokens->count + 1) * sizeof(token));
		tokens->at[tokens->count++] = token;
	}
	if (status == 0 && ferror(file))
		status = chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", tokens->path);
	free(line);
	return status < 0 ? -1 : tokens_settle(tokens, err);
}

int
tokens_open(struct tokens *tokens, const char *path, struct chat_err *err)
{
	FILE *file = fopen(path, "re");
	struct stat info;
	int status;

	*tokens = (struct tokens){.path = path};
	if (!file || fstat(fileno(file), &info) < 0) {
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", path);
		if (file)
			fclose(file);
		return -1;
	}
	if (info.st_mode & (S_IWGRP | S_IWOTH))
		status = chat_fail(err, CHAT_CANNOT_OPEN, "%s: others may write it", path);
	else
		status = tokens_read(tokens, file, err);
	fclose(file);
	if (status < 0)
		tokens_free(tokens);
	return status;
}

void
tokens_free(struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->count; i++)
		token_free(&tokens->at[i]);
	free(tokens->at);
	*tokens = (struct tokens){.path = tokens->path};
}

int
tokens_reload(struct tokens *tokens, struct chat_err *err)
{
	struct tokens fresh;

	if (tokens_open(&fresh, tokens->path, err) < 0)
		return -1;
	tokens_free(tokens);
	*tokens = fresh;
	return 0;
}

void
tokens_copy(struct tokens *copy, const struct tokens *tokens)
{
	*copy = (struct tokens){.path = tokens->path, .count = tokens->count};
	copy->at = chat_alloc((tokens->count + 1) * sizeof(*copy->at));
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->at[i];

		copy->at[i] = *token;
		copy->at[i].username = chat_strndup(token->username, strlen(token->username));
		copy->at[i].id = chat_strndup(token->id, strlen(token->id));
	}
}

/* Returns the index of the first line of this user, or of the first user after it. */
static size_t
find_user(const struct tokens *tokens, struct chat_span username)
{
	size_t low = 0, high = tokens->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct chat_span there = chat_span_of(tokens->at[middle].username);
		size_t len = there.len < username.len ? there.len : username.len;
		int order = memcmp(there.at, username.at, len);

		if (order < 0 || (order == 0 && there.len < username.len))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct chat_span
tokens_find(const struct tokens *tokens, struct chat_span username,
	const unsigned char digest[CHAT_SHA256_BYTES])
{
	const struct token *found = NULL;

	for (size_t i = find_user(tokens, username); i < tokens->count; i++) {
		const struct token *token = &tokens->at[i];

		if (!chat_span_equal(username, chat_span_of(token->username)))
			break;
		if (chat_digest_equal(token->digest, digest, CHAT_SHA256_BYTES))
			found = token;
	}
	return found ? chat_span_of(found->id) : (struct chat_span){0};
}

/* ---- a new token ---- */

static void
token_write(struct chat_buf *out, const char *username, const char *id, const char *token)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	char hex[HEX_LEN + 1];
	struct chat_buf line = {0};
	cJSON *json = cJSON_CreateObject();
	char *printed;

	chat_sha256(digest, chat_span_of(token));
	chat_hex(hex, digest, sizeof(digest));
	chat_buf_printf(&line, "%s:%s:%s", username, hex, id);
	chat_buf_append(&line, "", 1);
	cJSON_AddStringToObject(json, "username", username);
	cJSON_AddStringToObject(json, "id", id);
	cJSON_AddStringToObject(json, "token", token);
	cJSON_AddStringToObject(json, "line", line.at);
	printed = cJSON_PrintUnformatted(json);
	chat_buf_append_string(out, printed);
	chat_buf_append_string(out, "\n");
	cJSON_free(printed);
	cJSON_Delete(json);
	chat_buf_free(&line);
}

int
tokens_make(struct chat_buf *out, const char *name, struct chat_err *err)
{
	unsigned char random[TOKEN_BYTES];
	char token[2 * TOKEN_BYTES + 1], derived[TOKENS_ID_LEN + 1];
	const char *colon = strrchr(name, ':');
	char *username = chat_strndup(name, colon ? (size_t)(colon - name) : strlen(name));
	const char *id = colon ? colon + 1 : NULL;
	int status = names_check(username, id, err);

	if (status == 0) {
		chat_random(random, sizeof(random));
		chat_hex(token, random, sizeof(random));
		tokens_derive_id(derived, chat_span_of(username));
		token_write(out, username, id ? id : derived, token);
	}
	free(username);
	return status;
}
