#ifndef SERVE_CHANNEL_PRESENCE_H
#define SERVE_CHANNEL_PRESENCE_H

#include <stdbool.h>

/*
 * The users who are present in a channel, and their announcements. A user is announced as online
 * when the first connection that is not hidden joins, and as offline when the last one has been
 * gone for the grace time. In a channel with more than limits.crowd members single users are not
 * announced.
 */
struct channel;
struct channels;
struct member;
struct user;

/* The member's user has one more connection that is not hidden. */
void member_come_online(struct channel *channel, struct member *member);

/*
 * A connection of the user has left. If it was the last one that is not hidden, the user is offline
 * now, or after the grace time.
 */
void user_go_offline(struct channel *channel, struct user *user);

/*
 * Ends the grace time of a user without connections at once: its name and its id are free for
 * others. Does nothing for any other user, and for NULL.
 */
void user_end_grace(struct channel *channel, struct user *user);

/*
 * Returns true if the channel has too many members to announce single users: every announcement
 * would be sent to all of them.
 */
bool channel_is_crowd(const struct channel *channel);

/* Announces the users of all channels whose grace time is over as offline. Called by the sweep. */
void channels_end_graces(struct channels *channels);

#endif
