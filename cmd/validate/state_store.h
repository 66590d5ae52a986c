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
 * The state that --state keeps of the messages so far: for each channel its last message and the
 * last userData, for each user of a channel whether the user is there. Shared by the files state*.c
 * alone.
 */

#define ID_BYTES 128 /* longer ids are compared by so many of their bytes */

/* The last of a sequence of messages. */
struct latest {
	char id[ID_BYTES]; /* not NUL-terminated */
	size_t id_len; /* 0: there is no message yet */
	bool timed; /* timestamp is valid */
	int64_t timestamp;
};

/*
 * The last userData, which lists the users. Each userData has a number. What was noted of a user
 * before the last userData of the channel is not true any more.
 */
struct listing {
	uint64_t number; /* 0: there was none */
	uint64_t restart; /* the number of the last one that another server sent */
	bool partial; /* it did not list all users */
	char *instance; /* the `instance` of the server that sent it; owned; NULL: it had none */
};

/* A string that is the key of a table, at the front of what it is the key of. */
struct keyed {
	char *key; /* owned */
	UT_hash_handle hh;
};

struct channel {
	struct keyed keyed; /* by name: that of its URL, else its `channel`, else "" */
	struct latest latest;
	uint64_t latest_noted; /* the number of the newest userData that came before `latest` */
	struct listing listing; /* the last userData about this channel alone */
};

enum presence { PRESENCE_UNKNOWN, PRESENCE_ONLINE, PRESENCE_OFFLINE };

struct user {
	struct keyed keyed; /* by the channel's name, a newline, the user's id */
	enum presence presence;
	uint64_t noted; /* the number of the last userData before presence was noted */
};

struct state {
	bool initialized; /* an init came */
	bool refused; /* an error came after the last init */
	uint64_t listings; /* the number of the last userData */
	struct listing listing; /* the last userData that names no channel: it is about all */
	struct keyed *channels; /* of struct channel */
	struct keyed *users; /* of struct user */
};

/* The message that is being checked, and who gets the findings. */
struct look {
	struct state *state;
	struct chat_span line; /* of the message */
	chat_msg_report *report;
	void *arg; /* of report */
};

/* Reports a finding about the value `at`, which lies in the line. */
void state_report(const struct look *look, const struct chat_json_value *at, enum chat_code code,
	const char *field, const char *text);

/* Returns the value of a slot, or NULL if the message does not have it. */
const struct chat_json_value *state_value(const struct chat_msg *msg, enum chat_slot slot);

/* Returns the name of the channel that a message is about, or NULL if it names none. */
const struct chat_json_value *state_channel_name(const struct chat_msg *msg);

/* Returns the channel of this name, which it takes over. Adds the channel if it is new. */
struct channel *state_channel(struct state *state, char *name);

/* Returns the channel that a message is about: that of the name "" if it names none. */
struct channel *state_channel_of(const struct look *look, const struct chat_msg *msg);

/* Returns the userData that is valid for a channel: its own, or a later one about all channels. */
const struct listing *state_listing(const struct state *state, const struct channel *channel);

/* Returns a user of a channel, as noted now. Adds the user if new. */
struct user *state_add_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id);

/* Returns a user, or NULL if nothing was noted of the user since the last userData. */
struct user *state_find_user(
	struct state *state, const struct channel *channel, const struct chat_json_value *id);

/*
 * Steps through an array that chat_msg_read() has accepted: first is as in chat_json_enter().
 * Returns false at the end.
 */
bool state_next_element(struct chat_json *json, bool *first, struct chat_json_value *element);

/* Forgets everything. */
void state_clear(struct state *state);

#endif
