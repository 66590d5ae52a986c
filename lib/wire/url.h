#ifndef CHAT_WIRE_URL_H
#define CHAT_WIRE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"

#define CHAT_CHANNEL_MAX 65 /* bytes of a channel: '/' and at most 64 more */

/*
 * Returns true if a path is a channel: '/' followed by at most 64 of A-Z a-z 0-9 . _ ~ - /, without
 * a segment that is empty, "." or ".." (chat-protocol(7), CHANNELS). "/" is a channel.
 */
bool chat_channel_valid(struct chat_span path);

/* The parts of a ws: or wss: URL. */
struct chat_url {
	bool tls;
	char host[256]; /* as typed, in UTF-8; an IPv6 address has its brackets */
	unsigned port; /* if the URL has none: 80 for ws, 443 for wss (RFC 6455 section 3) */
	char channel[CHAT_CHANNEL_MAX + 1]; /* the path; "/" if the URL has none */
	char query[1024]; /* with its '?'; "" if the URL has none */
};

/*
 * Reads a URL. Returns 0, or -1 with CHAT_USAGE if the URL has another scheme, user information, a
 * fragment, no valid host, a bad port, a path that is not a channel, a space, a control character,
 * a part that is too long, or a character outside the host that is not ASCII. *url is written only
 * on success.
 */
int chat_url_parse(struct chat_url *url, const char *text, struct chat_err *err);

/*
 * Replaces the channel of a URL; "ops" means "/ops". The query is unchanged. Returns 0, or -1 with
 * CHAT_USAGE and *url unchanged if it is not a channel.
 */
int chat_url_set_channel(struct chat_url *url, const char *channel, struct chat_err *err);

/*
 * Writes the URL as text, NUL-terminated; leaves the port out if it is the default. size =
 * CHAT_URL_MAX always suffices.
 */
#define CHAT_URL_MAX 1400
void chat_url_format(const struct chat_url *url, char *out, size_t size);

#endif
