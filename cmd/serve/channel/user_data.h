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
 * Returns a block with a userData of the channel, whose reference is the caller's. newcomer: the
 * user of a member that has just joined, who is told about the server, too. NULL: the block is the
 * same for all members, and says nothing about the server.
 */
struct block *channel_user_data(struct channel *channel, const struct user *newcomer);

/* Tells the watcher that a server begins: a userData about the server, without users. */
void channels_announce_server(const struct channels *channels);

#endif
