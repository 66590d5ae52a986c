/*
 * The order of things over a log or the stream of a connection. A client says `init` first, and
 * once unless the server refused it; ids rise and times do not fall within a channel; a history is
 * in order, and what comes live is newer; who leaves was there, and who comes was not.
 */
#include "validate/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "text/hash.h"

#define ID_BYTES 128 /* longer ids are told apart by so many of their bytes */

/* The latest of a sequence of messages. */
struct latest {
	char id[ID_BYTES];
	size_t id_len; /* 0: none yet */
	bool timed;
	int64_t timestamp;
};

/*
 * What the last userData said about who is there. Each has a number; what was noted before the last
 * one that counts for a channel is not true any more.
 */
struct listing {
	uint64_t number; /* 0: there was none */
	uint64_t restart; /* number of the last one that another server said */
	bool partial; /* it did not list all users */
	char *instance; /* of the server that said it; NULL: it did not say */
};

struct channel {
	struct latest latest;
	uint64_t latest_noted; /* number of the last userData before it */
	struct listing listing; /* of userData about this channel alone */
	char *name;
	UT_hash_handle hh;
};

enum presence { PRESENCE_UNKNOWN, PRESENCE_ONLINE, PRESENCE_OFFLINE };

struct user {
	enum presence presence;
	uint64_t noted; /* number of the last userData before that */
	char *key; /* the channel's name, a newline, the user's id */
	UT_hash_handle hh;
};

struct state {
	bool initialized, refused; /* an error came since the last init */
	uint64_t listings; /* userData so far */
	struct listing listing; /* of userData that names no channel: it is about all of them */
	struct channel *channels;
	struct user *users;
};

/* One message that is being looked at. */
struct look {
	struct state *state;
	struct chat_span line;
	chat_msg_report *report;
	void *arg;
};

static void
say(const struct look *look, const struct chat_json_value *at, enum chat_code code,
	const char *field, const char *text)
{
	struct chat_err finding = {.code = code, .offset = (size_t)(at->raw.at - look->line.at)};

	snprintf(finding.field, sizeof(finding.field), "%s", field);
	snprintf(finding.text, sizeof(finding.text), "%s", text);
	look->report(look->arg, &finding);
}

/* ---- what is kept ---- */

/* The channel of this name, which it takes over; made if it is new. */
static struct channel *
find_channel(struct state *state, char *name)
{
	struct channel *channel;

	HASH_FIND_STR(state->channels, name, channel);
	if (channel) {
		free(name);
		return channel;
	}
	channel = chat_alloc_zeroed(1, sizeof(*channel));
	channel->name = name;
	HASH_ADD_KEYPTR(hh, state->channels, channel->name, strlen(channel->name), channel);
	return channel;
}

static const struct chat_json_value *
value_of(const struct chat_msg *msg, enum chat_slot slot)
{
	return chat_msg_has(msg, slot) ? &msg->value[slot] : NULL;
}

/* What a message is about: the channel of a URL, a channel of one server, or all there is (NULL).
 */
static const struct chat_json_value *
name_of(const struct chat_msg *msg)
{
	const struct chat_json_value *url = value_of(msg, CHAT_SLOT_URL);

	return url ? url : value_of(msg, CHAT_SLOT_CHANNEL);
}

static struct channel *
channel_of(const struct look *look, const struct chat_msg *msg)
{
	const struct chat_json_value *name = name_of(msg);

	return find_channel(look->state, name ? chat_msg_string(name) : chat_strdup(""));
}

/* The userData that counts for a channel: its own, or one about all of them that came later. */
static const struct listing *
listing_of(const struct state *state, const struct channel *channel)
{
	return state->listing.number > channel->listing.number ? &state->listing
							       : &channel->listing;
}

static char *
user_key(const struct channel *channel, const struct chat_json_value *id)
{
	char *word = chat_msg_string(id);
	struct chat_buf key = {0};

	chat_buf_printf(&key, "%s\n%s", channel->name, word);
	chat_buf_append(&key, "", 1);
	free(word);
	return key.at;
}

static struct user *
add_user(struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	char *key = user_key(channel, id);
	struct user *user;

	HASH_FIND_STR(state->users, key, user);
	if (user) {
		free(key);
	} else {
		user = chat_alloc_zeroed(1, sizeof(*user));
		user->key = key;
		HASH_ADD_KEYPTR(hh, state->users, user->key, strlen(user->key), user);
	}
	if (user->noted < listing_of(state, channel)->number)
		user->presence = PRESENCE_UNKNOWN;
	user->noted = state->listings;
	return user;
}

/* NULL when the user has not been heard of since the last userData. */
static struct user *
find_user(struct state *state, const struct channel *channel, const struct chat_json_value *id)
{
	char *key = user_key(channel, id);
	struct user *user;

	HASH_FIND_STR(state->users, key, user);
	free(key);
	return user && user->noted >= listing_of(state, channel)->number ? user : NULL;
}

struct state *
state_new(void)
{
	return chat_alloc_zeroed(1, sizeof(struct state));
}

void
state_reset(struct state *state)
{
	struct channel *channel, *next_channel;
	struct user *user, *next_user;

	HASH_ITER(hh, state->channels, channel, next_channel)
	{
		HASH_DEL(state->channels, channel);
		free(channel->listing.instance);
		free(channel->name);
		free(channel);
	}
	HASH_ITER(hh, state->users, user, next_user)
	{
		HASH_DEL(state->users, user);
		free(user->key);
		free(user);
	}
	free(state->listing.instance);
	*state = (struct state){.initialized = false};
}

void
state_free(struct state *state)
{
	if (state)
		state_reset(state);
	free(state);
}

/* ---- messages ---- */

static bool
is_number(const char *id, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (id[i] < '0' || id[i] > '9')
			return false;
	return true;
}

/* Ids sort as their bytes do; where both are numbers, as those. */
static int
compare_ids(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, len);

	if (a_len != b_len && is_number(a, a_len) && is_number(b, b_len))
		return a_len < b_len ? -1 : 1;
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static void
check_id(const struct look *look, struct latest *latest, const struct chat_json_value *id,
	const char *field)
{
	char *word = chat_msg_string(id);
	size_t len = strnlen(word, ID_BYTES);
	int order = latest->id_len > 0 ? compare_ids(word, len, latest->id, latest->id_len) : 1;

	if (order == 0 && len < ID_BYTES)
		say(look, id, CHAT_BAD_MESSAGE, field, "the id of the message before it");
	else if (order < 0)
		say(look, id, CHAT_BAD_MESSAGE, field, "does not sort after an id before it");
	if (order > 0) {
		memcpy(latest->id, word, len);
		latest->id_len = len;
	}
	free(word);
}

static void
check_time(const struct look *look, struct latest *latest, const struct chat_json_value *time,
	const char *field)
{
	int64_t timestamp;

	if (!chat_json_int64(time->raw, &timestamp))
		return;
	if (latest->timed && timestamp < latest->timestamp) {
		say(look, time, CHAT_BAD_MESSAGE, field, "earlier than the message before it");
		return;
	}
	latest->timestamp = timestamp;
	latest->timed = true;
}

/* The latest message of a channel; none where another server has begun since. */
static struct latest *
latest_of(struct state *state, struct channel *channel)
{
	if (channel->latest_noted < channel->listing.restart ||
		channel->latest_noted < state->listing.restart)
		channel->latest = (struct latest){.id_len = 0};
	channel->latest_noted = state->listings;
	return &channel->latest;
}

static void
check_said(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = channel_of(look, msg);
	struct latest *latest = latest_of(look->state, channel);

	check_id(look, latest, &msg->value[CHAT_SLOT_ID], "/id");
	check_time(look, latest, &msg->value[CHAT_SLOT_TIMESTAMP], "/timestamp");
	if (chat_msg_has(msg, CHAT_SLOT_SENDER_ID))
		add_user(look->state, channel, &msg->value[CHAT_SLOT_SENDER_ID]);
}

/* The elements of an array that was read already, one a call; false behind the last. */
static bool
next_element(struct chat_json *json, bool *first, struct chat_json_value *element)
{
	return chat_json_element(json, first, NULL) > 0 && chat_json_read(json, element, NULL) == 0;
}

/* What is newer than the channel's latest becomes it; a history repeats what was said. */
static void
catch_up(struct latest *latest, const struct latest *seen)
{
	if (compare_ids(seen->id, seen->id_len, latest->id, latest->id_len) > 0)
		*latest = *seen;
}

static void
check_history(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = NULL;
	struct latest latest = {.id_len = 0};
	struct chat_json json;
	struct chat_json_value element;
	char field[64];
	bool first;

	chat_json_begin(&json, msg->value[CHAT_SLOT_MESSAGES].raw);
	chat_json_enter(&json, &first, NULL);
	for (size_t i = 0; next_element(&json, &first, &element); i++) {
		struct chat_msg said;

		if (chat_msg_read(&said, element.raw, CHAT_FROM_SERVER, NULL))
			return;
		channel = channel_of(look, name_of(msg) ? msg : &said);
		snprintf(field, sizeof(field), "/messages/%zu/id", i);
		check_id(look, &latest, &said.value[CHAT_SLOT_ID], field);
		snprintf(field, sizeof(field), "/messages/%zu/timestamp", i);
		check_time(look, &latest, &said.value[CHAT_SLOT_TIMESTAMP], field);
		if (chat_msg_has(&said, CHAT_SLOT_SENDER_ID))
			add_user(look->state, channel, &said.value[CHAT_SLOT_SENDER_ID]);
	}
	if (channel)
		catch_up(latest_of(look->state, channel), &latest);
}

/* ---- users ---- */

/* The members of a user in userData that count here. */
static void
read_user(struct chat_span object, struct chat_json_value *id, bool *online)
{
	struct chat_json json;
	struct chat_json_value key, value;
	bool first;

	chat_json_begin(&json, object);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0)
		if (chat_json_string_is(&key, CHAT_SPAN("id")))
			*id = value;
		else if (chat_json_string_is(&key, CHAT_SPAN("online")))
			*online = *value.raw.at == 't';
}

/* Which memory of a server this is; NULL where it does not say. The caller frees it. */
static char *
read_instance(const struct chat_json_value *server)
{
	struct chat_json json;
	struct chat_json_value key, value;
	char *instance = NULL;
	bool first;

	if (!server)
		return NULL;
	chat_json_begin(&json, server->raw);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0)
		if (value.kind == CHAT_JSON_STRING &&
			chat_json_string_is(&key, CHAT_SPAN("instance"))) {
			free(instance);
			instance = chat_msg_string(&value);
		}
	return instance;
}

/*
 * Where another server begins, the order begins anew. One that never says which it is may be
 * another one each time; of one that has said so, a later userData may leave it out.
 */
static void
note_listing(struct state *state, struct listing *listing, const struct chat_msg *msg)
{
	const struct chat_json_value *truncated = value_of(msg, CHAT_SLOT_TRUNCATED);
	const struct chat_json_value *server = value_of(msg, CHAT_SLOT_SERVER);
	char *instance = read_instance(server);

	listing->number = ++state->listings;
	listing->partial = truncated && *truncated->raw.at == 't';
	if (!instance && listing->instance)
		return;
	if (!instance || !listing->instance || strcmp(instance, listing->instance) != 0)
		listing->restart = listing->number;
	free(listing->instance);
	listing->instance = instance;
}

static void
note_users(const struct look *look, const struct chat_msg *msg)
{
	struct channel *channel = channel_of(look, msg);
	struct chat_json json;
	struct chat_json_value element;
	bool first;

	note_listing(look->state, name_of(msg) ? &channel->listing : &look->state->listing, msg);
	chat_json_begin(&json, msg->value[CHAT_SLOT_USERS].raw);
	chat_json_enter(&json, &first, NULL);
	while (next_element(&json, &first, &element)) {
		struct chat_json_value id = element;
		bool online = false;

		read_user(element.raw, &id, &online);
		add_user(look->state, channel, &id)->presence =
			online ? PRESENCE_ONLINE : PRESENCE_OFFLINE;
	}
}

/* A status may name the channel where userData did not. */
static void
check_status(const struct look *look, const struct chat_msg *msg)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_USER_ID];
	struct channel *channel = channel_of(look, msg);
	struct channel *nameless = find_channel(look->state, chat_strdup(""));
	const struct listing *listing = listing_of(look->state, channel);
	struct user *user = find_user(look->state, nameless, id);
	bool online = *msg->value[CHAT_SLOT_ONLINE].raw.at == 't';

	if (user == NULL)
		user = find_user(look->state, channel, id);
	if (user == NULL && !online && listing->number > 0 && !listing->partial)
		say(look, id, CHAT_BAD_MESSAGE, "/userId", "a user who was never there goes");
	else if (user && !listing->partial && /* else who is not listed comes and goes unseen */
		user->presence == (online ? PRESENCE_ONLINE : PRESENCE_OFFLINE))
		say(look, &msg->value[CHAT_SLOT_ONLINE], CHAT_BAD_MESSAGE, "/online",
			online ? "the user was there already" : "the user was gone already");
	if (user == NULL)
		user = add_user(look->state, channel, id);
	user->presence = online ? PRESENCE_ONLINE : PRESENCE_OFFLINE;
}

/* ---- clients ---- */

static void
check_init(const struct look *look, const struct chat_msg *msg)
{
	struct state *state = look->state;

	if (state->initialized && !state->refused)
		say(look, &msg->value[CHAT_SLOT_TYPE], CHAT_ALREADY_INITIALIZED, "/type",
			"a second init");
	state->initialized = true;
	state->refused = false;
}

static void
check_client(const struct look *look, const struct chat_msg *msg)
{
	if (!look->state->initialized)
		say(look, &msg->value[CHAT_SLOT_TYPE], CHAT_NOT_INITIALIZED, "/type",
			"comes before init");
}

void
state_check(struct state *state, const struct chat_msg *msg, struct chat_span line,
	chat_msg_report *report, void *arg)
{
	const struct look look = {state, line, report, arg};

	switch (msg->type) {
	case CHAT_TYPE_INIT:
		check_init(&look, msg);
		break;
	case CHAT_TYPE_TEXT:
	case CHAT_TYPE_FILE:
		check_client(&look, msg);
		break;
	case CHAT_TYPE_MESSAGE:
		check_said(&look, msg);
		break;
	case CHAT_TYPE_ERROR:
		state->refused = true;
		break;
	case CHAT_TYPE_USER_DATA:
		note_users(&look, msg);
		break;
	case CHAT_TYPE_USER_STATUS:
		check_status(&look, msg);
		break;
	case CHAT_TYPE_HISTORY:
		check_history(&look, msg);
		break;
	case CHAT_TYPES:
		break;
	}
}
