#ifndef SERVE_CLUSTER_STATE_H
#define SERVE_CLUSTER_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/cluster/presence.h"
#include "serve/cluster/proposals.h"
#include "serve/cluster/refused.h"
#include "serve/cluster/shared_log.h"
#include "serve/cluster/window.h"
#include "serve/util/error_log.h"

/* The state of this server in its cluster, which the files of this folder share. */

#define CLUSTER_PATIENCE_MS 15000
#define CLUSTER_RETRY_MS 1000 /* after which it may be posted again */
#define LEADERS_MS 60000 /* the clocks of two leaders of the stream differ by less than that */
#define CLUSTER_TROUBLE_MS 3000 /* that a message waits for: above that something is wrong */

enum cluster_state {
	CLUSTER_CONNECTING, /* the stream was not opened yet */
	CLUSTER_CATCHING_UP, /* messages are missing that were there when it was opened */
	CLUSTER_CALLING, /* the other servers are asked who is present */
	CLUSTER_READY,
	CLUSTER_FAILED /* nothing more will come */
};

struct cluster_events {
	void (*ready)(void *arg); /* called once: the server may begin to serve */
	/* The id or name of a member's user belongs to another: ends the connection. */
	void (*expel)(void *arg, struct member *member);
	void (*failed)(void *arg, const struct chat_err *err);
};

struct cluster {
	struct channel_log log; /* first: the channels propose messages to it */
	struct channels *channels;
	struct clock *clock;
	struct error_log *error_log;
	const struct cluster_events *events;
	void *arg; /* of the events */

	struct shared_log *shared_log; /* NULL: there is no cluster */
	struct shared_log_options options;
	struct proposals proposals;
	struct refused refused;
	struct presence presence;
	struct window window;
	struct owed_answer *owed; /* utlist: to members that have posted duplicates (tell.h) */
	enum cluster_state state;
	uint64_t entry; /* the number of the last entry that was applied */
	uint64_t seen; /* the same, of this process; 0: none was */
	struct shared_log_entry last; /* that came last; number 0: none has */
	uint64_t copied; /* the last message that the journal had at the start; 0: none */
	int64_t copied_ms; /* its timestamp */
	int64_t time_ms; /* the time of the log: of that entry, or of one before it */
	int64_t called_ms; /* when the others were asked, by clock_now_ms */
	bool is_stuck; /* it was reported that messages are not stored */
	char away[96]; /* the stream's last reason not to store something; "": it gave none */

	struct {
		uint64_t entries; /* that were applied */
		uint64_t duplicates; /* messages that were dropped for their nonces */
		uint64_t garbage; /* lines and entries that no server has written */
		uint64_t refused; /* proposals that were not stored in time, or not at all */
	} ever;
};

#endif
