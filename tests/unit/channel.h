#ifndef UNIT_CHANNEL_H
#define UNIT_CHANNEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/channel/channel.h"
#include "serve/channel/join.h"
#include "serve/channel/post.h"
#include "serve/channel/publish.h"

/* A journal that stores nothing: the tests set channels->durable. */
static inline uint64_t
append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	uint64_t *tickets = journal->arg;

	(void)line;
	(void)text;
	return ++*tickets;
}

static const struct journal_kind test_journal = {.name = "test", .append = append};

/* Channels with all that they need. Connections are closed: nothing can be sent to them. */
struct fixture {
	uv_loop_t loop;
	struct clock clock;
	struct journal journal;
	uint64_t tickets;
	struct channels channels;
	char seen[1000]; /* by the watcher: "message 1", "userStatus", … each with a semicolon */
};

/* Notes the type of a frame, and of a message its number. */
static inline void
on_event(void *arg, struct chat_span line)
{
	struct fixture *fixture = arg;
	char *end = fixture->seen + strlen(fixture->seen), head[80], type[20];
	unsigned number = 0;

	snprintf(head, sizeof(head), "%.*s", (int)line.len, line.at);
	sscanf(head, "{\"type\":\"%19[a-zA-Z]\",\"id\":\"%*[0-9a-f]-%x", type, &number);
	if (number)
		sprintf(end, "%s %u; ", type, number);
	else
		sprintf(end, "%s; ", type);
}

static inline void
fixture_open(struct fixture *fixture, struct channels_limits limits)
{
	memset(fixture, 0, sizeof(*fixture));
	uv_loop_init(&fixture->loop);
	fixture->clock.loop = &fixture->loop;
	fixture->journal = (struct journal){.kind = &test_journal, .arg = &fixture->tickets};
	channels_init(&fixture->channels, &limits, &fixture->clock, 1);
	fixture->channels.journal = &fixture->journal;
	fixture->channels.nonces.most = 1000000;
	fixture->channels.nonces.most_bytes = 1 << 30;
}

static inline void
fixture_close(struct fixture *fixture)
{
	channels_free(&fixture->channels);
	uv_loop_close(&fixture->loop);
}

static const struct channels_limits roomy = {
	.channels = 1000000,
	.members = 1000000,
	.leavers = 1000000,
	.crowd = 1000000,
	.history_keep = 1000,
	.history_bytes = 1 << 30,
};

static inline struct channel *
find(struct fixture *fixture, const char *channel)
{
	const struct claimant nobody = {.key = 0};

	return channels_find(&fixture->channels, chat_span_of(channel), &nobody, NULL);
}

static inline void
join(struct channel *channel, struct member *member, struct conn *conn, const char *name,
	bool hidden)
{
	struct channel_join how = {
		.id = chat_span_of(name), .name = chat_span_of(name), .hidden = hidden};

	member->conn = conn;
	if (channel_join(channel, member, &how, NULL) < 0)
		abort();
}

/* Returns "" or the code of the error. */
static inline const char *
try_post(struct member *member, const char *json, const char *nonce)
{
	struct chat_err err = {0};
	struct channel_post what = {
		.user = member->user,
		.member = member,
		.content_json = chat_span_of(json),
		.nonce_json = chat_span_of(nonce),
		.nonce = chat_span_of(nonce),
	};

	return channel_post(member->channel, &what, &err) < 0 ? chat_code_word(err.code) : "";
}

static inline void
post(struct member *member, const char *json, const char *nonce)
{
	if (*try_post(member, json, nonce))
		abort();
}

/* Everything that was appended is durable. */
static inline void
store(struct fixture *fixture)
{
	fixture->channels.durable = fixture->tickets;
	channels_publish(&fixture->channels);
}

#endif
