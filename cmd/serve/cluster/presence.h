#ifndef SERVE_CLUSTER_PRESENCE_H
#define SERVE_CLUSTER_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/channel/channel.h"
#include "serve/cluster/nodes.h"
#include "serve/cluster/shared_log.h"
#include "serve/util/error_log.h"
#include "text/buf.h"

/*
 * The users who are present on each server. Each server tells the others what changes here, and
 * every second that it is there (roll.h). After NODE_SILENT_MS without a word its users are gone,
 * also here.
 */
#define NODE_BEAT_MS 1000
#define NODE_SILENT_MS 8000
#define NODE_ANSWER_MS 1500 /* for the others to tell who is there, after a server has come */

#define PRESENCE_NAME_LEN 16 /* characters of the random name of a server */

struct presence {
	struct nodes nodes;
	struct shared_log *shared_log; /* borrowed */
	struct error_log *error_log;
	char server[PRESENCE_NAME_LEN + 1]; /* the name of this server */
	int64_t version; /* how many changes were told */
	struct chat_buf changes; /* lines that were not told yet */
	int64_t beat_ms; /* of the next beat, by clock_now_ms */
	bool tell_whole; /* the next beat is a ROLL_WHOLE */
	uint64_t garbage; /* calls that no server has made */
};

/* Asks the others who is there. The server's name is a random one. */
void presence_open(struct presence *presence, struct channels *channels,
	struct shared_log *shared_log, struct error_log *error_log);
void presence_ask(struct presence *presence);

/* A user is present here, or is not any more. */
void presence_note(struct presence *presence, const struct channel *channel,
	const struct user *user, bool here);

/* Does what another server says. now_ms: by clock_now_ms. */
void presence_hear(struct presence *presence, struct chat_span call, int64_t now_ms);

/* Tells the changes of this turn. */
void presence_turn(struct presence *presence);

/* Tells from time to time that this server is there. */
void presence_sweep(struct presence *presence, int64_t now_ms);

/* Tells that this server ends. */
void presence_leave(struct presence *presence);
void presence_free(struct presence *presence);

#endif
