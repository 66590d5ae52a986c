#ifndef LISTEN_BOT_H
#define LISTEN_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/line.h"
#include "chat/msg.h"
#include "client/backoff.h"
#include "client/delivery.h"
#include "client/membership.h"
#include "client/output.h"
#include "client/seen.h"
#include "listen/answer_nonce.h"
#include "listen/command.h"
#include "listen/unanswered.h"

/*
 * --exec: a command that gets the printed lines on stdin and whose lines on stdout are sent, over
 * the same connection.
 *
 * Two bots that answer each other would never stop. So a message of a bot has `hops`, one more than
 * the message that it answers, and the filter of the listener leaves out messages with too many.
 *
 * With a cursor file the unanswered knows which messages the command has answered. The others are
 * given to it again when it, or the listener, has ended with an error and starts again.
 *
 * It starts with command.argv, command.signals and restart set, and the rest zeroed.
 */
struct bot {
	struct command command; /* SIGCHLD wakes the loop, which calls bot_run() */
	bool restart; /* it is started again when it ends */
	struct output *output; /* writes to to_fd; borrowed */
	struct delivery delivery; /* with the messages of the command */
	int to_fd, from_fd; /* its stdin and stdout, our ends; -1: closed */
	struct chat_lines lines; /* of from_fd */
	bool dry; /* from_fd has no more lines until poll(2) tells */
	bool ending; /* it has ended, and its last lines are being taken */
	bool finished; /* it has ended and is not started again */
	struct backoff backoff;
	int64_t started_ms;
	int64_t restart_ms; /* when it is started again; INT64_MAX: it is not */
	struct answerer answerer;
	struct unanswered unanswered; /* of the messages that it was given */
	bool ended_well; /* it ended with status 0, and its messages are not all settled */
	bool owes; /* a message of it may not be accepted: the unanswered stays before it */
	bool started_again; /* the listener gives it again what it owes, and clears this */
	unsigned last_hops; /* of the last message that it was given */
	int64_t last_given_ms; /* when that was; 0: never */
	struct seen accepted_ids; /* ids of its accepted messages */
	struct seen answer_nonces; /* nonces of its answers that are in the channel */
};

/* ---- bot_process.c ---- */

/*
 * Starts the command and opens output, which is borrowed, to its stdin. Returns 0, or -1 with
 * CHAT_CANNOT_OPEN if it cannot be started.
 */
int bot_open(struct bot *bot, struct output *output, const struct identity *identity,
	struct chat_err *err);
void bot_close(struct bot *bot);

/*
 * Does what can be done without waiting: takes lines, sends them, notes that the command has ended.
 */
void bot_run(struct bot *bot, struct membership *membership);

/* Closes the stdin of the command, which should end then. It is not started again. */
void bot_hang_up(struct bot *bot);

/* The command has closed its stdin: nothing more is written to it. */
void bot_stdin_closed(struct bot *bot);

/* Returns true if it has ended, its messages are settled, and it is not started again. */
bool bot_done(const struct bot *bot);

/* Adds what bot_run() waits for, besides the membership. */
void bot_await(const struct bot *bot, const struct membership *membership, struct poll_set *waits);

/* ---- bot_messages.c ---- */

/*
 * Offers a message to the command. Returns true if it is not one of its own: then it must be
 * printed, and the unanswered has it. self is our user in the channel.
 */
bool bot_offer(struct bot *bot, const struct chat_msg *msg, const struct identity *self);

#endif
