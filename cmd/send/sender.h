#ifndef SEND_SENDER_H
#define SEND_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/courier.h"
#include "client/membership.h"
#include "client/output.h"
#include "client/seen.h"
#include "client/settings.h"
#include "client/signals.h"
#include "client/waits.h"
#include "send/source.h"
#include "send/transfer.h"

/*
 * chat-send at work: input → outbox → membership, what comes back → outbox → receipts, in one poll
 * loop.
 */
struct sender_options {
	enum ack ack; /* ACK_AUTO: the server's first message decides */
	int64_t window; /* messages unacknowledged at a time */
	int64_t retry_for_ms; /* without progress; of what the server says slower to, too */
	bool retry_first; /* a first connection that fails is tried again too */
	int64_t timeout_ms; /* for all of it; 0: none */
	bool visible; /* the others are told that we come and go */
	bool quiet; /* no receipts */
	bool tee; /* what was accepted, as it was said, in place of receipts */
	bool full_receipts; /* a file's carries its data */
	int64_t replies; /* answers to wait for */
};

struct sender_counts {
	uint64_t accepted, refused, illegal, unknown, unsent;
};

struct sender {
	const struct settings *settings;
	const struct sender_options *options;
	const struct chat_url *url;
	struct source *source;
	struct courier courier;
	struct membership membership;
	bool connected; /* membership is open */
	bool joined_before; /* in any membership */
	struct chat_err lost; /* why it is not joined; CHAT_OK: it is, or never was */
	uint64_t instance; /* of the server that the questions were asked; 0: not known */
	struct output output;
	struct transfer transfer;
	struct signals signals;
	struct waits waits;
	struct sender_counts counts;
	uint64_t unknown_first, unknown_last; /* the lines of a run that is not told yet; 0: none */
	const char *unknown_why; /* of the run; NULL: nothing was heard of it */
	bool input_ended;
	bool input_dry; /* the source gave nothing since it was filled */
	bool hopeless; /* given up: nothing is waited for any more */
	struct chat_err broken; /* of stdout; CHAT_OK: it is well */
	uint64_t unwritten; /* lines for it since it is not */
	bool overdue; /* its time is up: what nobody reads of the receipts is not waited for */
	struct seen accepted, answers; /* with replies: ids of ours and of what was printed */
	uint64_t asked; /* messages that may be answered: in accepted, and still on the server */
	int64_t answer_count;
	int64_t deadline_ms; /* of --timeout, or of finishing after a signal */
	int64_t quiet_since_ms; /* of a plain server that has not echoed anything */
	int caught_signal;
	int failed_status; /* what ends it whatever the counts say; 0: nothing */
};

/*
 * Runs until all is told. Returns the exit status, or a signal to die by, negative. The parts of
 * it: begin; then turns, each of which does what can be done without waiting, until one is false:
 * all is told; and between two turns await, poll the waits, and woken.
 */
int sender_run(struct sender *sender);
void sender_begin(struct sender *sender);
bool sender_turn(struct sender *sender);
void sender_await(struct sender *sender);
void sender_woken(struct sender *sender);
int sender_finish(struct sender *sender);

#endif
