#ifndef SERVE_CLUSTER_PROPOSALS_H
#define SERVE_CLUSTER_PROPOSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/channel/apply.h"
#include "serve/cluster/shared_log.h"
#include "text/buf.h"

/*
 * The messages that the members of this server have posted and that have no place yet. Each channel
 * belongs to a lane, and each lane has at most one batch on its way; what is posted meanwhile goes
 * into the next one. So the messages of one sender stay in their order, whatever is published
 * again, and an entry of the stream has messages of many channels when there is much to store.
 */
struct proposal {
	struct proposal *next, *prev; /* utlist in proposals->first, by number */
	struct proposal *next_own; /* in the same lane */
	uint64_t number; /* from 1 */
	uint64_t sender; /* the serial of the member; 0: none */
	uint64_t ticket; /* of the journal; 0: it is answered already. Valid if placed */
	int64_t since_ms; /* by clock_now_ms */
	uint32_t len; /* of its line */
	bool placed; /* the log has it, or it was refused */
};

/* More lanes make smaller batches; fewer have less on the way while an answer takes its time. */
#define PROPOSALS_LANES 4

struct lane {
	struct chat_buf text; /* the lines of its proposals that have no place, in order */
	struct proposal *first, *last; /* these; next_own */
	uint64_t batch; /* the number of the batch on its way: the first lines; 0: none */
	uint32_t sent; /* messages in it */
	uint32_t times; /* that it was published */
	size_t sent_bytes;
	int64_t again_ms; /* when it is published again, by clock_now_ms */
};

struct proposals {
	struct proposal *first; /* those that are not answered */
	struct lane lanes[PROPOSALS_LANES];
	struct shared_log *shared_log; /* borrowed */
	uint64_t last; /* the number of the last proposal */
	uint64_t last_batch;
	size_t bytes; /* the memory of all */
	size_t most_batch_bytes; /* of a batch with more than one message */
	size_t most_line_bytes; /* of one message: max_payload of the nats-servers */
	bool halted; /* nothing is published */
};

/*
 * Adds a proposal. proposals_send() publishes it. now_ms: by clock_now_ms; unix_ms: Unix time.
 * Returns 0, or -1 with too_large if no entry of the stream has room for it.
 */
int proposals_add(struct proposals *proposals, struct chat_span channel,
	const struct channel_post *post, int64_t now_ms, int64_t unix_ms, struct chat_err *err);

/* Publishes a batch for each lane that has none on its way. Called at the end of each turn. */
void proposals_send(struct proposals *proposals, int64_t now_ms);

/* Publishes what was not answered for some time again. */
void proposals_send_again(struct proposals *proposals, int64_t now_ms);

/* The stream has said that it cannot store the batch now. It is published again soon. */
void proposals_delay(struct proposals *proposals, uint64_t batch, int64_t now_ms);

/* Returns true if every proposal has its place, or was refused. */
bool proposals_are_placed(const struct proposals *proposals);

/*
 * Returns the first of the proposals of a batch, which is in the stream now; next_own has the
 * others, `*count` in all. NULL: no such batch is on its way. The caller sets placed and ticket of
 * each of them. If the text is not the one that was published, somebody else has used the number of
 * the batch: then the batch gets another number.
 */
struct proposal *proposals_take(
	struct proposals *proposals, uint64_t batch, struct chat_span text, uint32_t *count);

/* A proposal that was given up, with its line. */
typedef void proposals_give_up(void *arg, struct proposal *proposal, struct chat_span line);

/*
 * Returns true if a batch that the stream refuses may be stored nevertheless: it was published more
 * than once, and the answer may be that to another publication.
 */
bool proposals_may_be_stored(struct proposals *proposals, uint64_t batch);

/*
 * Gives up the batch with this number: it is passed to the function, message by message, which sets
 * nothing. The rest of its lane is published next.
 */
void proposals_drop(
	struct proposals *proposals, uint64_t batch, proposals_give_up *give_up, void *arg);

/*
 * Gives up all proposals of each lane in which one has waited since before this time: if only
 * the oldest were given up, those behind it would be stored before it, when it is posted again.
 */
void proposals_expire(
	struct proposals *proposals, int64_t before_ms, proposals_give_up *give_up, void *arg);

/*
 * Frees the first proposals, as long as they are placed and the journal has their tickets. Returns
 * the number of the last one that was freed, or `answered` if none was.
 */
uint64_t proposals_settle(struct proposals *proposals, uint64_t durable, uint64_t answered);

void proposals_free(struct proposals *proposals);

#endif
