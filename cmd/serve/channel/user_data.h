#ifndef SERVE_CHANNEL_USER_DATA_H
#define SERVE_CHANNEL_USER_DATA_H

#include "serve/frame/block.h"

/* The userData message: the users who are present in a channel, and facts about the server. */
struct channel;
struct channels;
struct user;

/* The `since` that asks for all messages that are kept. */
#define SINCE_BEGINNING "0"

/*
 * Returns a block with a userData of the channel. The caller owns the only reference. newcomer: the
 * user of a member that has just joined; the userData then also has facts about the server. NULL:
 * the userData says nothing about the server, and is the same for all members.
 */
struct block *channel_user_data(struct channel *channel, const struct user *newcomer);

/* Passes the watcher a userData about the server, without users. Called when the server starts. */
void channels_announce_server(const struct channels *channels);

#endif
