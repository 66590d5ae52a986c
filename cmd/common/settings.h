#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "client/login.h"
#include "command/opt.h"
#include "common/pipe_copy.h"
#include "wire/url_list.h"

/*
 * The settings that chat-send and chat-listen have in common: how they reach the server and as
 * which user. They come from options and, where an option is not given, from the environment.
 * Strings of options are borrowed from argv.
 */
struct settings {
	const char *url; /* of --url; NULL: not given */
	const char *channel; /* the path that replaces that of every URL; NULL: the URL's own */
	const char *username; /* of --username; NULL: not given. The name to use is in identity */
	const char *user_id; /* of --id; NULL: not given */
	const char *token_file; /* of --token-file; NULL: not given */
	struct login login; /* identity and token are valid after settings_finish */
	bool verbose;

	/* The names of the copies of cacert, cert and key that came through pipes. */
	char held[3][PIPE_COPY_NAME_SIZE];
};

/* Sets the defaults of the options. Nothing in it needs to be freed yet. */
void settings_init(struct settings *settings);

/* The options of "Connection", for the option table of a command. */
extern const struct chat_opt settings_options[];

/*
 * Completes the settings after the options are read: from the environment, with the identity and
 * the token. Returns 0, or -1 with CHAT_USAGE for a name, id, token or options that are wrong, or
 * CHAT_CANNOT_OPEN for the file of the token or of a certificate.
 */
int settings_finish(struct settings *settings, struct chat_err *err);
void settings_free(struct settings *settings);

/*
 * Parses the URLs to connect to, in turn: text, or if that is NULL those of --url, CHAT_URL or the
 * default, ws://localhost:3001/. Returns 0, and the caller frees the list; or -1 with CHAT_USAGE.
 */
int settings_urls(const struct settings *settings, const char *text, struct chat_url_list *urls,
	struct chat_err *err);

#endif
