#ifndef SERVE_CHANNEL_PRESENCE_H
#define SERVE_CHANNEL_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The users who are present in a channel, and their announcements. A user is announced as online
 * when its first connection that is not hidden joins, and as offline when its last one left and the
 * grace time ended. If a channel has more than limits.crowd members, single users are not
 * announced.
 */
struct channel;
struct channels;
struct member;
struct user;

/*
 * Records that the member, which is not hidden, joined. If its user was not present, announces the
 * user as online, or announces the crowd.
 */
void member_come_online(struct channel *channel, struct member *member);

/*
 * Lists a user, and announces it as online, unless it is present already. active_ms: Unix time.
 */
void user_come_online(struct channel *channel, struct user *user, int64_t active_ms);

/*
 * To be called when a connection of the user has left. If all its remaining connections are hidden,
 * and it is on no other server, the user becomes offline when the grace time ends, or at once if
 * limits.grace_ms is 0. A user that is offline and has no connection is freed.
 */
void user_go_offline(struct channel *channel, struct user *user);

/*
 * Ends the grace time of a user without connections at once. The user is announced as offline and
 * freed, so that others can use its name and id. Does nothing for other users, and for NULL.
 */
void user_end_grace(struct channel *channel, struct user *user);

/*
 * Returns true if the channel has more than limits.crowd members: single users are not announced,
 * because every announcement would be sent to all of them.
 */
bool channel_is_crowd(const struct channel *channel);

/*
 * Ends the grace times that are over, in all channels: announces these users as offline. If there
 * are more than limits.leavers, ends the first grace times early. Called by the sweep.
 */
void channels_end_graces(struct channels *channels);

#endif
