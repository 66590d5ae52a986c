/*
 * The connection settings of the two client commands: one set of options, one set of environment
 * variables. An option beats the environment; an empty variable counts as unset.
 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

#define DEFAULT_URL "ws://localhost:3001/"
#define TOKEN_MAX_BYTES 2048 /* init and all that is in it must fit into 4 KiB */
#define CONNECT_TIMEOUT_MS 10000
#define DEAD_AFTER_MS 40000
#define MAX_MESSAGE_BYTES (16u << 20)

size_t
settings_opts(struct settings *settings, struct chat_opt *table)
{
	struct chat_client_options *client = &settings->client;

	settings->dead_after_ms = DEAD_AFTER_MS;
	client->connect_timeout_ms = CONNECT_TIMEOUT_MS;
	client->max_message_bytes = MAX_MESSAGE_BYTES;
	const struct chat_opt opts[] = {
		{.name = "Connection", .kind = CHAT_OPT_HEADING},
		{'U', "url", CHAT_OPT_STRING, &settings->url, .argument = "URL",
			.help = "the server, ws: or wss: (CHAT_URL; " DEFAULT_URL ")"},
		{'c', "channel", CHAT_OPT_STRING, &settings->channel, .argument = "PATH",
			.help = "the channel, in place of the URL's path"},
		{'u', "username", CHAT_OPT_STRING, &settings->username, .argument = "NAME",
			.help = "who is speaking (CHAT_USERNAME; the login name)"},
		{0, "id", CHAT_OPT_STRING, &settings->user_id, .argument = "ID",
			.help = "the user's id (CHAT_ID; derived from name, login, host)"},
		{0, "token-file", CHAT_OPT_STRING, &settings->token_file, .argument = "FILE",
			.help = "where the token is (CHAT_TOKEN, CHAT_TOKEN_FILE)"},
		{0, "cacert", CHAT_OPT_STRING, &client->cacert, .argument = "FILE",
			.help = "trust these certificates (CHAT_CACERT)"},
		{0, "cert", CHAT_OPT_STRING, &client->cert, .argument = "FILE",
			.help = "show the server this certificate"},
		{0, "key", CHAT_OPT_STRING, &client->key, .argument = "FILE",
			.help = "the key of --cert"},
		{'k', "insecure", CHAT_OPT_FLAG, &client->insecure,
			.help = "do not verify the server"},
		{0, "unix-socket", CHAT_OPT_STRING, &client->unix_socket, .argument = "PATH",
			.help = "connect to this socket, whatever the URL's host"},
		{0, "connect-timeout", CHAT_OPT_DURATION, &client->connect_timeout_ms,
			.argument = "TIME", .help = "for connecting, all of it (10s)", .min = 1,
			.max = 86400000},
		{0, "dead-after", CHAT_OPT_DURATION, &settings->dead_after_ms, .argument = "TIME",
			.help = "of silence, and no answer to a ping, it is lost (40s)", .min = 100,
			.max = 86400000},
		{'v', "verbose", CHAT_OPT_FLAG, &settings->verbose,
			.help = "tell on stderr what is tried, connected, retried"},
	};

	_Static_assert(sizeof opts / sizeof opts[0] <= SETTINGS_OPTS, "the table has no room");
	memcpy(table, opts, sizeof opts);
	return sizeof opts / sizeof opts[0];
}

/* An environment variable, NULL where unset or empty. */
static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The first line of a file; a newline at its end is not part of it. */
static char *
token_read(const char *path, struct chat_err *err)
{
	char bytes[TOKEN_MAX_BYTES + 1];
	size_t len = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && len < sizeof bytes &&
		((got = read(fd, bytes + len, sizeof bytes - len)) > 0 ||
			(got < 0 && errno == EINTR)))
		len += got > 0 ? (size_t)got : 0;
	if (fd < 0 || got < 0) {
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	close(fd);
	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	if (len > 0 && len < sizeof bytes && !memchr(bytes, '\0', len))
		return chat_strndup(bytes, len);
	chat_fail(err, CHAT_CANNOT_OPEN, "%s: not a token: empty, binary, or over %d bytes", path,
		TOKEN_MAX_BYTES);
	return NULL;
}

static int
settings_token(struct settings *settings, struct chat_err *err)
{
	const char *token = environment("CHAT_TOKEN");
	const char *file = settings->token_file;

	if (!file && token) {
		settings->token = chat_strdup(token);
		return 0;
	}
	if (!file)
		file = environment("CHAT_TOKEN_FILE");
	if (!file)
		return 0;
	settings->token = token_read(file, err);
	return settings->token ? 0 : -1;
}

int
settings_finish(struct settings *settings, struct chat_err *err)
{
	const char *username =
		settings->username ? settings->username : environment("CHAT_USERNAME");
	const char *id = settings->user_id ? settings->user_id : environment("CHAT_ID");

	if (!settings->client.cacert)
		settings->client.cacert = environment("CHAT_CACERT");
	if ((settings->client.cert == NULL) != (settings->client.key == NULL) &&
		!settings->client.cert)
		return chat_fail(err, CHAT_USAGE, "--key needs --cert");
	if (identity_find(&settings->identity, username, id, err) < 0)
		return -1;
	return settings_token(settings, err);
}

void
settings_free(struct settings *settings)
{
	free(settings->token);
	settings->token = NULL;
}

int
settings_url(const struct settings *settings, const char *text, struct chat_url *url,
	struct chat_err *err)
{
	if (!text)
		text = settings->url;
	if (!text)
		text = environment("CHAT_URL");
	if (chat_url_parse(url, text ? text : DEFAULT_URL, err) < 0)
		return -1;
	return settings->channel ? chat_url_set_channel(url, settings->channel, err) : 0;
}
