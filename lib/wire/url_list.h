#ifndef CHAT_WIRE_URL_LIST_H
#define CHAT_WIRE_URL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "wire/url.h"

#define CHAT_URL_LIST_MOST 16 /* URLs of a list */

/* The URLs of one channel on several servers, in the order in which they are tried. */
struct chat_url_list {
	struct chat_listed_url *at; /* owned */
	size_t count; /* from 1 to CHAT_URL_LIST_MOST */
};

struct chat_listed_url {
	struct chat_url url;
	char text[CHAT_URL_MAX]; /* url, as chat_url_format() writes it */
};

/*
 * Reads URLs with commas between them. In the query of a URL only a comma before ws:// or wss://
 * ends the URL. channel replaces that of every URL; NULL: it stays. Returns 0, or -1 with
 * CHAT_USAGE and nothing to free if there are too many URLs, if chat_url_parse() or
 * chat_url_set_channel() fails, or if the URLs do not agree in channel and TLS.
 */
int chat_url_list_parse(
	struct chat_url_list *list, const char *text, const char *channel, struct chat_err *err);
void chat_url_list_free(struct chat_url_list *list);

/* Returns true if a URL of the list has this text. */
bool chat_url_list_has(const struct chat_url_list *list, const char *text);

#endif
