/*
 * The settings that chat-send and chat-listen have in common: the options of "Connection" and the
 * environment variables. An option wins over its variable.
 */
#include "common/settings.h"

#include <string.h>

#include "text/err.h"
#include "wire/digest.h"

#define AT(field) offsetof(struct settings, field)

const struct chat_opt settings_options[] = {
	{.name = "Connection", .kind = CHAT_OPT_HEADING},
	{'U', "url", CHAT_OPT_STRING, AT(url), .argument = "URL,...",
		.help = "the server, ws: or wss:, and others to try in turn "
			"(CHAT_URL; " LOGIN_DEFAULT_URL ")"},
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
	*settings = (struct settings){0};
	chat_login_init(&settings->login);
	settings->login.client.of_command = true;
	chat_digest_need_memory(); /* it is not refused, for nothing has used OpenSSL yet */
}

int
settings_finish(struct settings *settings, struct chat_err *err)
{
	struct chat_client_options *client = &settings->login.client;

	if (client->key && !client->cert)
		return chat_fail(err, CHAT_USAGE, "--key needs --cert");
	if (chat_login_find(&settings->login,
		    &(struct login_given){
			    settings->username, settings->user_id, settings->token_file},
		    err) < 0)
		return -1;
	if (pipe_copy(&client->cacert, settings->held[0], err) < 0 ||
		pipe_copy(&client->cert, settings->held[1], err) < 0)
		return -1;
	return pipe_copy(&client->key, settings->held[2], err);
}

void
settings_free(struct settings *settings)
{
	chat_login_free(&settings->login);
}

/*
 * Fails for a URL of the command line. If it has no scheme, says which URL that is: it may be one
 * of several, or a host name, or the name of a channel. A password is not said again.
 */
static int
fail_url(const char *text, struct chat_err *err)
{
	if (strstr(text, "://") || strpbrk(text, "@,") || !*text)
		return -1;
	if (strpbrk(text, ":."))
		return chat_fail(err, err->code, "%s: a URL begins with ws:// or wss://: ws://%s",
			text, text);
	return chat_fail(
		err, err->code, "%s: %s; a channel alone is given with --channel", text, err->text);
}

int
settings_urls(const struct settings *settings, const char *text, struct chat_url_list *urls,
	struct chat_err *err)
{
	const char *given = text ? text : settings->url;
	struct chat_url scratch;

	/* Before the URLs, so that a variable with a good URL is not blamed for the channel. */
	if (settings->channel && chat_url_set_channel(&scratch, settings->channel, err) < 0)
		return -1;
	if (chat_login_urls(urls, given, settings->channel, err) == 0)
		return 0;
	return given ? fail_url(given, err) : -1;
}
