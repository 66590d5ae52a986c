/* Tells the other servers who is present here, and hears from them. */
#include "serve/cluster/presence.h"

#include <sys/random.h>

#include "serve/cluster/roll.h"
#include "text/buf.h"
#include "wire/digest.h"

/* ---- telling ---- */

/* Makes a head for this server. */
static struct roll_head
head_of(const struct presence *presence, enum roll_kind kind)
{
	return (struct roll_head){
		.kind = kind,
		.server = chat_span_of(presence->server),
		.version = presence->version,
	};
}

static void
say(struct presence *presence, const struct roll_head *head)
{
	struct chat_buf call = {0};

	roll_write_head(&call, head);
	shared_log_say(presence->shared_log, chat_buf_span(&call));
	chat_buf_free(&call);
}

static void
say_head(struct presence *presence, enum roll_kind kind)
{
	struct roll_head head = head_of(presence, kind);

	say(presence, &head);
}

/* Asks a server to tell everything; an empty name: all servers. */
static void
ask(struct presence *presence, struct chat_span server)
{
	struct roll_head head = head_of(presence, ROLL_ASK);

	head.asked = server;
	say(presence, &head);
}

/* Returns true if this server is to answer. */
static bool
is_asked(const struct presence *presence, const struct roll_head *head)
{
	return !head->asked.len || chat_span_equal(head->asked, chat_span_of(presence->server));
}

static void
write_user(struct chat_buf *call, const struct channel *channel, const struct user *user, bool here)
{
	roll_write_line(call, channel_name(channel), (struct chat_span){user->id, user->id_len},
		(struct chat_span){user->name_json, user->name_json_len}, user->since_ms, here);
}

/* Tells the changes that were noted, as one version. */
static void
tell_changes(struct presence *presence)
{
	struct roll_head head;
	struct chat_buf call = {0};

	if (!presence->changes.len)
		return;
	presence->version++;
	head = head_of(presence, ROLL_CHANGE);
	roll_write_head(&call, &head);
	chat_buf_append_span(&call, chat_buf_span(&presence->changes));
	shared_log_say(presence->shared_log, chat_buf_span(&call));
	chat_buf_free(&call);
	presence->changes.len = 0;
}

void
presence_note(struct presence *presence, const struct channel *channel, const struct user *user,
	bool here)
{
	write_user(&presence->changes, channel, user, here);
	if (presence->changes.len > ROLL_PART_BYTES)
		tell_changes(presence);
}

/* Calls `visit` for all users who are present here. */
static void
visit_users(struct presence *presence,
	void (*visit)(void *arg, const struct channel *channel, const struct user *user), void *arg)
{
	struct channel *channel, *next;

	HASH_ITER(hh, presence->nodes.channels->by_name, channel, next)
	for (const struct user *user = channel->roster.first; user; user = user->next)
		if (user->shown)
			visit(arg, channel, user);
}

/* All users, in the parts of a ROLL_WHOLE. */
struct telling {
	struct presence *presence;
	struct chat_buf lines;
	int64_t part, parts;
	size_t bytes; /* of the part that is measured or written */
};

static void
measure(void *arg, const struct channel *channel, const struct user *user)
{
	struct telling *telling = arg;

	telling->bytes += channel->name_len + user->id_len + user->name_json_len + (size_t)96;
	if (telling->bytes <= ROLL_PART_BYTES)
		return;
	telling->parts++;
	telling->bytes = 0;
}

static void
say_part(struct telling *telling)
{
	struct presence *presence = telling->presence;
	struct roll_head head = head_of(presence, ROLL_WHOLE);
	struct chat_buf call = {0};

	head.part = ++telling->part;
	head.parts = telling->parts;
	roll_write_head(&call, &head);
	chat_buf_append_span(&call, chat_buf_span(&telling->lines));
	shared_log_say(presence->shared_log, chat_buf_span(&call));
	chat_buf_free(&call);
	telling->lines.len = 0;
	telling->bytes = 0;
}

static void
tell_user(void *arg, const struct channel *channel, const struct user *user)
{
	struct telling *telling = arg;

	write_user(&telling->lines, channel, user, true);
	telling->bytes += channel->name_len + user->id_len + user->name_json_len + (size_t)96;
	if (telling->bytes > ROLL_PART_BYTES)
		say_part(telling);
}

static void
tell_whole(struct presence *presence)
{
	struct telling telling = {.presence = presence, .parts = 1};

	visit_users(presence, measure, &telling);
	telling.bytes = 0;
	visit_users(presence, tell_user, &telling);
	say_part(&telling); /* the last part may have no lines */
	chat_buf_free(&telling.lines);
}

/* ---- hearing ---- */

/*
 * Looks at a call in the name of this server: it hears its own ones, too. One that it has not made
 * is reported, and the others soon ask what is true, because the version of its next beat differs.
 */
static void
hear_own_name(struct presence *presence, const struct roll_head *head)
{
	if (head->kind != ROLL_LEAVE && head->version <= presence->version)
		return;
	presence->garbage++;
	error_log_printf(presence->error_log,
		"cluster: a call in the name of this server, which has not made it");
}

void
presence_hear(struct presence *presence, struct chat_span call, int64_t now_ms)
{
	struct roll_head head;
	struct chat_span rest = call;
	enum nodes_answer answer;
	struct chat_err err;
	bool is_new = false;

	if (roll_read_head(&rest, &head, &err) == 0 &&
		chat_span_equal(head.server, chat_span_of(presence->server))) {
		hear_own_name(presence, &head);
		return;
	}
	if (nodes_hear(&presence->nodes, call, now_ms, &answer, &is_new, &err) < 0) {
		presence->garbage++;
		error_log_printf(presence->error_log,
			"cluster: a call that no server has made, it is left out: %s", err.text);
		return;
	}
	if (is_new)
		error_log_printf(presence->error_log, "cluster: server %.*s is there",
			(int)head.server.len, head.server.at);
	presence->tell_whole |= answer == NODES_TELL && is_asked(presence, &head);
	if (answer == NODES_ASK)
		ask(presence, head.server);
}

static void
on_silent(void *arg, const char *name)
{
	struct presence *presence = arg;

	error_log_printf(presence->error_log,
		"cluster: server %s has been silent for %d s: its users are gone", name,
		NODE_SILENT_MS / 1000);
}

/* ---- the turn and the sweep ---- */

void
presence_turn(struct presence *presence)
{
	tell_changes(presence);
}

void
presence_sweep(struct presence *presence, int64_t now_ms)
{
	if (now_ms < presence->beat_ms)
		return;
	presence->beat_ms = now_ms + NODE_BEAT_MS;
	tell_changes(presence);
	if (presence->tell_whole)
		tell_whole(presence);
	else
		say_head(presence, ROLL_BEAT);
	presence->tell_whole = false;
	nodes_sweep(&presence->nodes, now_ms - NODE_SILENT_MS, on_silent, presence);
}

/* Writes a random name. */
static void
make_name(char name[PRESENCE_NAME_LEN + 1])
{
	unsigned char random[PRESENCE_NAME_LEN / 2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		chat_abort("no random numbers can be had");
	chat_hex(name, random, sizeof(random));
}

void
presence_open(struct presence *presence, struct channels *channels, struct shared_log *shared_log,
	struct error_log *error_log)
{
	*presence = (struct presence){
		.nodes.channels = channels,
		.shared_log = shared_log,
		.error_log = error_log,
		.tell_whole = true, /* nobody has to ask who is on a server that has just come */
	};
	make_name(presence->server);
}

void
presence_ask(struct presence *presence)
{
	ask(presence, (struct chat_span){0});
}

void
presence_leave(struct presence *presence)
{
	say_head(presence, ROLL_LEAVE);
}

void
presence_free(struct presence *presence)
{
	nodes_free(&presence->nodes);
	chat_buf_free(&presence->changes);
}
