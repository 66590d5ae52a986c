#ifndef VALIDATE_STATE_STORE_H
#define VALIDATE_STATE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
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

/* The key of a hash table entry. It must be the first member of the entry. */
struct keyed {
	char *key; /* owned */
	UT_hash_handle hh;
};

struct channel {
	struct keyed keyed; /* the key: the URL of the channel, else its `channel`, else "" */
	struct latest latest;
	uint64_t latest_noted; /* state.listings when latest was last used */
	struct listing listing; /* the last userData that names this channel */
};

enum presence { PRESENCE_UNKNOWN, PRESENCE_ONLINE, PRESENCE_OFFLINE };

struct user {
	struct keyed keyed; /* the key: the key of the channel, a newline, the id of the user */
	enum presence presence;
	uint64_t noted; /* state.listings when the user was last noted */
};

struct state {
	bool initialized; /* a client has sent init */
	bool refused; /* the server has sent an error since the last init */
	uint64_t listings; /* the number of the last userData; 0: there was none */
	struct listing listing; /* the last userData without a channel: it is about all channels */
	struct keyed *channels; /* entries are struct channel */
	struct keyed *users; /* entries are struct user */
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

/* Returns the channel of this name; adds it if it is new. Takes over name. */
struct channel *state_channel(struct state *state, char *name);

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
 * Reads the next element of an array that chat_msg_read() has accepted. first is that of
 * chat_json_enter(). Returns false at the end.
 */
bool state_next_element(struct chat_json *json, bool *first, struct chat_json_value *element);

/* Frees all channels and users, and zeroes the state. */
void state_clear(struct state *state);

#endif
