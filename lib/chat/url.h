#ifndef CHAT_URL_H
#define CHAT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"

#define CHAT_CHANNEL_MAX 65 /* in bytes: '/' and at most 64 more */

/*
 * Returns true if a path is a channel: '/' followed by at most 64 of A-Z a-z 0-9 . _ ~ - /, without
 * an empty segment, "." or ".." (chat-protocol(7), CHANNELS). "/" is one.
 */
bool chat_channel_valid(struct chat_span path);

/* The parts of a ws: or wss: URL, which it owns. */
struct chat_url {
	bool tls;
	char host[256]; /* as typed, UTF-8 (chat_idn_to_ascii); an IPv6 literal keeps its brackets
			 */
	unsigned port; /* given, or 80 for ws, 443 for wss (RFC 6455 section 3) */
	char channel[CHAT_CHANNEL_MAX + 1]; /* the path; "/" if there was none */
	char query[1024]; /* with its '?', or "" */
};

/*
 * Reads a URL. Returns 0, or -1 with CHAT_USAGE for another scheme, user information, a fragment,
 * no host, a bad port, a path that is no channel, spaces, control characters, or characters outside
 * the host that are not ASCII. *url is written only on success.
 */
int chat_url_parse(struct chat_url *url, const char *text, struct chat_err *err);

/* Replaces the channel of a URL; "ops" and "/ops" are the same. The query stays. */
int chat_url_set_channel(struct chat_url *url, const char *channel, struct chat_err *err);

/* Writes the URL as text, without a default port. size = CHAT_URL_MAX always suffices. */
#define CHAT_URL_MAX 1400
void chat_url_format(const struct chat_url *url, char *out, size_t size);

#endif
