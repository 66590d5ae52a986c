#ifndef VALIDATE_STATE_STORE_H
#define VALIDATE_STATE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "message/scan.h"
#include "text/hash.h"

/*
 * The state of --state: the last message and the last userData of each channel, and the presence of
 * each user of a channel. Only for the files state*.c.
 */

#define ID_BYTES 128 /* only the first ID_BYTES bytes of an id are compared */

/* The latest message of a channel or of a history. */
struct latest {
	char id[ID_BYTES]; /* not NUL-terminated */
	size_t id_len; /* 0: no message is noted */
	bool timed; /* timestamp is valid */
	int64_t timestamp;
};

/*
 * The last userData, which lists the users. The userData of a file are numbered from 1. Presence
 * that was noted before the last userData of the channel is not valid any more.
 */
struct listing {
	uint64_t number; /* the number of this userData; 0: there was none */
	uint64_t restart; /* the number of the first userData of the current server */
	bool partial; /* the userData did not list all users */
	char *instance; /* the last `instance` that the server sent; owned; NULL: none */
};

struct channel {
	char *name; /* the URL of the channel, else its `channel`, else ""; owned */
	size_t name_len;
	unsigned char key[16]; /* of the hashes of its users */
	UT_hash_handle hh;
	struct latest latest;
	uint64_t latest_noted; /* state.listings when latest was last used */
	struct listing listing; /* the last userData that names this channel */
};

enum presence { PRESENCE_UNKNOWN, PRESENCE_ONLINE, PRESENCE_OFFLINE };

/* A user of a channel. Of an id only a hash is kept, of 64 bits and with a random key: two of a
 * million users have the same one once in 30 million logs. */
struct user {
	uint64_t hash; /* of the id, with the key of the channel */
	uint64_t noted; /* state.listings when the user was last noted */
	const struct channel *channel; /* NULL: the place is empty */
	enum presence presence;
};

#define RECENT_CHANNELS 4

struct state {
	struct chat_scan *scan; /* reads elements of lists; NULL: none */
	bool initialized; /* a client has sent init */
	bool refused; /* the server has sent an error since the last init */
	uint64_t listings; /* the number of the last userData; 0: there was none */
	struct listing listing; /* the last userData without a channel: it is about all channels */
	struct channel *channels;
	struct channel *recent[RECENT_CHANNELS]; /* of `channels`, the last one found first */
	struct user *users; /* a hash table with user_cap places, of which user_count are in use */
	size_t user_cap, user_count; /* user_cap is a power of two; 0: there is no table */
};

/* The message that is checked, and the function that gets the findings. */
struct look {
	struct state *state;
	struct chat_span line; /* the JSON of the message */
	chat_msg_report *report;
	void *arg; /* passed to report */
};

/* Reports a finding about the value `at`, which must point into look->line. */
void state_report(const struct look *look, const struct chat_json_value *at, enum chat_code code,
	const char *field, const char *text);

/* Returns the value of a slot, or NULL if the message does not have it. */
const struct chat_json_value *state_value(const struct chat_msg *msg, enum chat_slot slot);

/* Returns the `url` of a message, else its `channel`, or NULL if it has neither. */
const struct chat_json_value *state_channel_name(const struct chat_msg *msg);

/* Returns the channel of this name; adds it if it is new. */
struct channel *state_channel(struct state *state, struct chat_span name);

/* Returns the channel of a message, or the channel "" if the message names none. */
struct channel *state_channel_of(const struct look *look, const struct chat_msg *msg);

/*
 * Returns the last userData that is about a channel: one that names it, or a later one about all.
 */
const struct listing *state_listing(const struct state *state, const struct channel *channel);

/*
 * Returns a user of a channel; adds the user if new. Presence from before the last userData becomes
 * unknown. Marks the user as noted now.
 */
struct user *state_add_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id);

/* Returns a user, or NULL if the user was not noted since the last userData of the channel. */
struct user *state_find_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id);

/*
 * The elements of the list of a userData or a history. state_list_next() reads the next one into
 * *msg: a message, or the id and `online` of a user. Returns false at the end.
 */
struct state_list {
	const struct look *look;
	enum chat_type type; /* CHAT_TYPE_USER_DATA or CHAT_TYPE_HISTORY */
	struct chat_json json;
	bool first;
};

void state_list_begin(struct state_list *list, const struct look *look, const struct chat_msg *msg);
bool state_list_next(struct state_list *list, struct chat_msg *msg);

/* Frees all channels and users, and zeroes the state. */
void state_clear(struct state *state);

#endif
