#ifndef CHAT_URL_H
#define CHAT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"

#define CHAT_CHANNEL_MAX 65 /* bytes: '/' and at most 64 more */

/*
 * Whether a path names a channel: '/' followed by at most 64 of A-Z a-z 0-9 . _ ~ - /,
 * no empty segment, no "." or ".." (chat-protocol(7), CHANNELS). "/" is one.
 */
bool chat_channel_valid(struct chat_span path);

/* A ws: or wss: URL taken apart. It owns its parts. */
struct chat_url {
	bool tls;
	char host[256]; /* as typed, UTF-8 (chat_idn_to_ascii); an IPv6 literal keeps its brackets
			 */
	unsigned port; /* given, or 80 for ws, 443 for wss (RFC 6455 section 3) */
	char channel[CHAT_CHANNEL_MAX + 1]; /* the path: "/" where none was given */
	char query[1024]; /* with its '?', or "" */
};

/*
 * Fails with CHAT_USAGE and a sentence: another scheme, user information, a fragment, no host,
 * a bad port, a path that is no channel, spaces, control characters, anything but ASCII outside the
 * host. *url is written on success.
 */
int chat_url_parse(struct chat_url *url, const char *text, struct chat_err *err);

/* Puts another channel onto the URL; "ops" and "/ops" are the same. The query stays. */
int chat_url_set_channel(struct chat_url *url, const char *channel, struct chat_err *err);

/* Writes the URL back, default ports left out. size >= CHAT_URL_MAX always suffices. */
#define CHAT_URL_MAX 1400
void chat_url_format(const struct chat_url *url, char *out, size_t size);

#endif
