/*
 * The settings that chat-send and chat-listen have in common: the options of "Connection" and the
 * environment variables. An option wins over its variable. An empty variable counts as unset.
 */
#include "common/settings.h"

#include <stdlib.h>
#include <string.h>

#include "client/token.h"
#include "text/buf.h"
#include "text/err.h"

#define DEFAULT_URL "ws://localhost:3001/"
#define CONNECT_TIMEOUT_MS 10000
#define DEAD_AFTER_MS 40000
#define MAX_MESSAGE_BYTES (16u << 20)

#define AT(field) offsetof(struct settings, field)

const struct chat_opt settings_options[] = {
	{.name = "Connection", .kind = CHAT_OPT_HEADING},
	{'U', "url", CHAT_OPT_STRING, AT(url), .argument = "URL",
		.help = "the server, ws: or wss: (CHAT_URL; " DEFAULT_URL ")"},
	{'c', "channel", CHAT_OPT_STRING, AT(channel), .argument = "PATH",
		.help = "the channel, in place of the URL's path"},
	{'u', "username", CHAT_OPT_STRING, AT(username), .argument = "NAME",
		.help = "who is speaking (CHAT_USERNAME; the login name)"},
	{0, "id", CHAT_OPT_STRING, AT(user_id), .argument = "ID",
		.help = "the user's id (CHAT_ID; derived from name, login, host)"},
	{0, "token-file", CHAT_OPT_STRING, AT(token_file), .argument = "FILE",
		.help = "where the token is (CHAT_TOKEN, CHAT_TOKEN_FILE)"},
	{0, "token", CHAT_OPT_REFUSED,
		.help = "others see what is on a command line: put it into a file "
			"(--token-file) or into CHAT_TOKEN"},
	{0, "cacert", CHAT_OPT_STRING, AT(login.client.cacert), .argument = "FILE",
		.help = "trust these certificates (CHAT_CACERT)"},
	{0, "cert", CHAT_OPT_STRING, AT(login.client.cert), .argument = "FILE",
		.help = "show the server this certificate"},
	{0, "key", CHAT_OPT_STRING, AT(login.client.key), .argument = "FILE",
		.help = "the key of --cert"},
	{'k', "insecure", CHAT_OPT_FLAG, AT(login.client.insecure),
		.help = "do not verify the server"},
	{0, "unix-socket", CHAT_OPT_STRING, AT(login.client.unix_socket), .argument = "PATH",
		.help = "connect to this socket, whatever the URL's host"},
	{0, "connect-timeout", CHAT_OPT_DURATION, AT(login.client.connect_timeout_ms),
		.argument = "TIME", .help = "for connecting, all of it (%s)", .min = 1,
		.max = 86400000},
	{0, "dead-after", CHAT_OPT_DURATION, AT(login.dead_after_ms), .argument = "TIME",
		.help = "of silence, and no answer to a ping, it is lost (%s)", .min = 100,
		.max = 86400000},
	{'v', "verbose", CHAT_OPT_FLAG, AT(verbose),
		.help = "tell on stderr what is tried, connected, retried"},
	{0},
};

void
settings_init(struct settings *settings)
{
	*settings = (struct settings){
		.login.dead_after_ms = DEAD_AFTER_MS,
		.login.client.connect_timeout_ms = CONNECT_TIMEOUT_MS,
		.login.client.max_message_bytes = MAX_MESSAGE_BYTES,
	};
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
	return chat_fail(err, err->code, "%s: %s", name, err->text);
}

/* Reads the token of --token-file, CHAT_TOKEN or CHAT_TOKEN_FILE; there may be none. */
static int
read_token(struct settings *settings, struct chat_err *err)
{
	const char *token = environment("CHAT_TOKEN");
	const char *variable = environment("CHAT_TOKEN_FILE");

	if (settings->token_file)
		settings->login.token = chat_token_read(settings->token_file, err);
	else if (token)
		settings->login.token = chat_token_take(chat_span_of(token), err);
	else if (variable)
		settings->login.token = chat_token_read(variable, err);
	else
		return 0;
	if (settings->login.token || settings->token_file)
		return settings->login.token ? 0 : -1;
	return fail_variable(token ? "CHAT_TOKEN" : "CHAT_TOKEN_FILE", err);
}

/* Finds the username and id of the options or the environment, or derives them. */
static int
find_identity(struct settings *settings, struct chat_err *err)
{
	const char *username = environment("CHAT_USERNAME"), *id = environment("CHAT_ID");

	if (!settings->username && username && chat_identity_check_name(username, err) < 0)
		return fail_variable("CHAT_USERNAME", err);
	if (!settings->user_id && id && chat_identity_check_id(id, err) < 0)
		return fail_variable("CHAT_ID", err);
	return chat_identity_find(&settings->login.identity,
		settings->username ? settings->username : username,
		settings->user_id ? settings->user_id : id, err);
}

int
settings_finish(struct settings *settings, struct chat_err *err)
{
	struct chat_client_options *client = &settings->login.client;

	if (!client->cacert) {
		client->cacert = environment("CHAT_CACERT");
		client->cacert_name = "CHAT_CACERT";
	}
	if (client->key && !client->cert)
		return chat_fail(err, CHAT_USAGE, "--key needs --cert");
	if (find_identity(settings, err) < 0 || read_token(settings, err) < 0)
		return -1;
	if (pipe_copy(&client->cacert, settings->held[0], err) < 0 ||
		pipe_copy(&client->cert, settings->held[1], err) < 0)
		return -1;
	return pipe_copy(&client->key, settings->held[2], err);
}

void
settings_free(struct settings *settings)
{
	free(settings->login.token);
	settings->login.token = NULL;
}

int
settings_url(const struct settings *settings, const char *text, struct chat_url *url,
	struct chat_err *err)
{
	const char *variable = NULL;

	if (!text)
		text = settings->url;
	if (!text)
		text = variable = environment("CHAT_URL");
	if (chat_url_parse(url, text ? text : DEFAULT_URL, err) < 0)
		return variable ? fail_variable("CHAT_URL", err) : -1;
	return settings->channel ? chat_url_set_channel(url, settings->channel, err) : 0;
}
