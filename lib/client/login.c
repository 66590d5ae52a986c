/*
 * The user, the token and the URL that a program is not told come from the environment, the same
 * for the commands and for other programs.
 */
#include "client/login.h"

#include <stdlib.h>

#include "client/token.h"
#include "text/err.h"

#define CONNECT_TIMEOUT_MS 10000
#define DEAD_AFTER_MS 40000
#define MAX_MESSAGE_BYTES (16u << 20)

void
chat_login_init(struct login *login)
{
	*login = (struct login){
		.dead_after_ms = DEAD_AFTER_MS,
		.client.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.client.max_message_bytes = MAX_MESSAGE_BYTES,
	};
}

void
chat_login_free(struct login *login)
{
	free(login->token);
	login->token = NULL;
}

/* Returns the value of an environment variable, or NULL if it is unset or empty. */
static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* Puts the name of the variable in front of the sentence in err. Returns -1. */
static int
fail_variable(const char *name, struct chat_err *err)
{
	return err ? chat_fail(err, err->code, "%s: %s", name, err->text) : -1;
}

/* Reads the token from its file, CHAT_TOKEN or CHAT_TOKEN_FILE; there may be none. */
static int
find_token(struct login *login, const char *file, struct chat_err *err)
{
	const char *token = environment("CHAT_TOKEN");
	const char *variable = environment("CHAT_TOKEN_FILE");

	if (login->token)
		return 0;
	if (file)
		login->token = chat_token_read(file, err);
	else if (token)
		login->token = chat_token_take(chat_span_of(token), err);
	else if (variable)
		login->token = chat_token_read(variable, err);
	else
		return 0;
	if (login->token || file)
		return login->token ? 0 : -1;
	return fail_variable(token ? "CHAT_TOKEN" : "CHAT_TOKEN_FILE", err);
}

static int
find_identity(struct login *login, const struct login_given *given, struct chat_err *err)
{
	const char *username = environment("CHAT_USERNAME"), *id = environment("CHAT_ID");

	if (!given->username && username && chat_identity_check_name(username, err) < 0)
		return fail_variable("CHAT_USERNAME", err);
	if (!given->id && id && chat_identity_check_id(id, err) < 0)
		return fail_variable("CHAT_ID", err);
	return chat_identity_find(&login->identity, given->username ? given->username : username,
		given->id ? given->id : id, err);
}

int
chat_login_find(struct login *login, const struct login_given *given, struct chat_err *err)
{
	struct chat_client_options *client = &login->client;

	if (!client->cacert) {
		client->cacert = environment("CHAT_CACERT");
		client->cacert_name = "CHAT_CACERT";
	}
	return find_identity(login, given, err) < 0 ? -1
						    : find_token(login, given->token_file, err);
}

int
chat_login_urls(
	struct chat_url_list *urls, const char *text, const char *channel, struct chat_err *err)
{
	const char *variable = text ? NULL : environment("CHAT_URL");

	if (variable)
		text = variable;
	if (chat_url_list_parse(urls, text ? text : LOGIN_DEFAULT_URL, channel, err) == 0)
		return 0;
	return variable ? fail_variable("CHAT_URL", err) : -1;
}
