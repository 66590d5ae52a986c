#ifndef LISTEN_BOT_H
#define LISTEN_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/line.h"
#include "chat/msg.h"
#include "client/backoff.h"
#include "client/courier.h"
#include "client/membership.h"
#include "client/output.h"
#include "client/seen.h"
#include "listen/answer.h"
#include "listen/command.h"
#include "listen/ledger.h"

/*
 * --exec: a command whose stdin is what is heard and whose stdout lines are said, over the same
 * membership.
 *
 * Two bots that answer each other would never stop. So what a bot says has `hops`, one more than
 * what it answers; the listener leaves out what has too many.
 *
 * With a ledger that is kept the command owes an answer to what it was given: what it had not
 * answered when it ended badly, or the listener did, is given again.
 */
struct bot {
	struct command command; /* SIGCHLD of it wakes whoever calls bot_run */
	bool restart; /* it is started again when it ends */
	struct output *output; /* to its stdin; the listener's */
	struct courier courier;
	int to_fd, from_fd; /* -1: closed */
	struct chat_lines lines;
	bool dry; /* from_fd had no more of them */
	bool ending; /* it ended, and what it said is being taken */
	bool finished; /* it ended, and is not to be started again */
	struct backoff backoff;
	int64_t started_ms, restart_ms;
	struct answerer answerer;
	struct ledger ledger; /* of what it was given, and owes */
	bool ended_well; /* it did, and what it said is on its way */
	bool owes; /* something it said may not have been accepted: nothing behind it counts */
	bool started_again; /* for who has to give it again what it owes; cleared there */
	unsigned last_hops;
	int64_t last_heard_ms;
	struct seen said; /* ids of what the command said */
	struct seen answered; /* nonces of answers that the channel has */
};

/* Starts the command and opens output to it. -1: CHAT_CANNOT_OPEN where it cannot be started. */
int bot_open(struct bot *bot, struct output *output, const struct identity *identity,
	struct chat_err *err);
void bot_close(struct bot *bot);

/*
 * Whether a message is for the command, which does not hear what it said itself; if so it is taken
 * for heard. self: who we are there.
 */
bool bot_hears(struct bot *bot, const struct chat_msg *msg, const struct identity *self);

/* Does what can be done without waiting: takes lines, sends them, notices the end. */
void bot_run(struct bot *bot, struct membership *membership);

/* Closes the command's stdin; it is expected to end, and not started again. */
void bot_hang_up(struct bot *bot);

/* Nothing more is written to the command, which closed its stdin. */
void bot_stop_hearing(struct bot *bot);

/* It ended, what it said is settled, and it will not be started again. */
bool bot_done(const struct bot *bot);

/* Adds what bot_run waits for, beside the membership. */
void bot_await(const struct bot *bot, const struct membership *membership, struct waits *waits);

#endif
