/* The file of --tokens. The tokens themselves are nowhere in it, and nowhere in the server. */
#include "serve/tokens.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "encode.h"
#include "msg.h"

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

static void
hex_write(char *hex, const unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

/* Whether a server takes a user of this name and id (NULL: any), by the rules of init. */
static int
names_check(const char *username, const char *id, struct chat_err *err)
{
	char *init = chat_encode_init(
		&(struct chat_encode_init){.username = username, .id = id ? id : "any"});
	struct chat_msg msg;
	int valid = chat_msg_read(&msg, chat_span_of(init), CHAT_FROM_CLIENT, err);

	free(init);
	return valid < 0 ? -1 : chat_username_check(chat_span_of(username), err);
}

/* ---- the file ---- */

static void
token_free(struct token *token)
{
	free(token->username);
	free(token->id);
}

/* The part behind the last colon, which is cut off; at NULL: there is none. */
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

/* A name may hold colons, so the line is read from its end; what is not a digest there is an id. */
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
tokens_read(struct tokens *tokens, FILE *file, struct chat_err *err)
{
	struct chat_err why;
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int status = 0;

	while (status == 0 && (len = getline(&line, &cap, file)) >= 0) {
		struct token token = {0};

		number++;
		while (len > 0 && strchr("\r\n \t", line[len - 1]))
			len--;
		if (len == 0 || *line == '#')
			continue;
		if (token_read(&token, (struct chat_span){line, (size_t)len}, &why) < 0) {
			status = chat_fail(err, CHAT_CANNOT_OPEN, "%s: line %zu: %s", tokens->path,
				number, why.text);
			break;
		}
		tokens->at = chat_realloc(tokens->at, (tokens->count + 1) * sizeof(token));
		tokens->at[tokens->count++] = token;
	}
	if (status == 0 && ferror(file))
		status = chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", tokens->path);
	free(line);
	return status;
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

bool
tokens_admit(const struct tokens *tokens, struct chat_span username, struct chat_span id,
	const unsigned char digest[CHAT_SHA256_BYTES])
{
	bool admitted = false;

	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->at[i];

		if (chat_span_equal(username, chat_span_of(token->username)) &&
			(!token->id || chat_span_equal(id, chat_span_of(token->id))))
			admitted |= chat_digest_equal(token->digest, digest, CHAT_SHA256_BYTES);
	}
	return admitted;
}

/* ---- a new one ---- */

static void
token_write(struct chat_buf *out, const char *username, const char *id, const char *token)
{
	unsigned char digest[CHAT_SHA256_BYTES];
	char hex[HEX_LEN + 1];
	struct chat_buf line = {0};
	cJSON *json = cJSON_CreateObject();
	char *printed;

	chat_sha256(digest, chat_span_of(token));
	hex_write(hex, digest, sizeof(digest));
	chat_buf_printf(&line, "%s:%s%s%s", username, hex, id ? ":" : "", id ? id : "");
	chat_buf_append(&line, "", 1);
	cJSON_AddStringToObject(json, "username", username);
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
	char token[2 * TOKEN_BYTES + 1];
	const char *colon = strrchr(name, ':');
	char *username = chat_strndup(name, colon ? (size_t)(colon - name) : strlen(name));
	const char *id = colon ? colon + 1 : NULL;
	int status = names_check(username, id, err);

	/* As few bytes as this come whole or not at all (getrandom(2)). */
	if (status == 0 && getrandom(random, sizeof(random), 0) != sizeof(random))
		abort();
	if (status == 0) {
		hex_write(token, random, sizeof(random));
		token_write(out, username, id, token);
	}
	free(username);
	return status;
}
