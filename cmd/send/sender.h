#ifndef SEND_SENDER_H
#define SEND_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "client/delivery.h"
#include "client/membership.h"
#include "client/poll_set.h"
#include "common/settings.h"
#include "common/signals.h"
#include "send/replies.h"
#include "send/report.h"
#include "send/source.h"
#include "send/upload_progress.h"
#include "wire/url_list.h"

/*
 * chat-send: messages go from the source into the outbox, and from there through the delivery and
 * the membership to the server. The server's messages settle those of the outbox, which the report
 * prints.
 */
struct sender_options {
	enum ack ack; /* ACK_AUTO: the first message of the server decides */
	int64_t window; /* the number of messages that may be unacknowledged */
	int64_t retry_for_ms; /* without progress; -1: for ever */
	bool retry_first; /* a first connection that fails is tried again as well */
	int64_t timeout_ms; /* of the whole run; 0: none */
	bool visible; /* the channel is told that we come and go */
	bool quiet; /* no receipts */
	bool tee; /* the accepted messages as they were given, instead of receipts */
	bool full_receipts; /* the receipt of a file has its data */
	int64_t replies; /* answers to wait for */
};

/*
 * Before sender_run() the first four members must be set, signals and report.output open, and the
 * rest zeroed.
 */
struct sender {
	const struct settings *settings; /* borrowed, as the next three */
	const struct sender_options *options;
	const struct chat_url_list *urls;
	struct source *source;

	struct delivery delivery; /* with the outbox */
	struct membership membership; /* valid while connection.open is true; else zeroed, or as
					 it ended */
	struct {
		bool open;
		bool joined_before; /* in this membership or one before it */
		struct chat_err lost; /* why it is not joined; CHAT_OK: it is, or never was */
		int64_t quiet_since_ms; /* when it joined, or later sent a message */
	} connection;

	struct {
		bool ended; /* nothing more is taken */
		bool dry; /* it has no message until source_fill() or source_wake_ms() */
	} input;

	struct {
		int64_t deadline_ms; /* of --timeout or after a signal; INT64_MAX: none */
		bool overdue; /* deadline_ms has passed: unread receipts are not waited for */
		bool hopeless; /* given up: nothing is waited for any more */
		int caught_signal; /* 0: none */
		int failed_status; /* the exit status, whatever the counts say; 0: none */
	} end;

	struct report report;
	struct replies replies;
	struct upload_progress upload_progress;
	struct signals signals;
	struct poll_set waits;
};

/* Runs to the end. Returns the exit status, or the negative number of a signal to die by. */
int sender_run(struct sender *sender);

/*
 * The parts of sender_run(). sender_turn() does all that is possible without waiting, and returns
 * false at the end. After each turn sender_await() collects in waits the events that the next turn
 * needs. If poll(2) returns an event, sender_woken() takes signals and input.
 */
void sender_begin(struct sender *sender);
bool sender_turn(struct sender *sender);
void sender_await(struct sender *sender);
void sender_woken(struct sender *sender);
int sender_finish(struct sender *sender);

#endif
