#ifndef LISTEN_BOT_H
#define LISTEN_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "client/backoff.h"
#include "client/delivery.h"
#include "client/membership.h"
#include "client/seen.h"
#include "common/output.h"
#include "listen/answer_nonce.h"
#include "listen/command.h"
#include "listen/unanswered.h"
#include "text/line.h"

/*
 * --exec: a command that reads the printed lines on its stdin. The lines that it writes to stdout
 * are sent as messages over the same connection.
 *
 * Two bots that answer each other would never stop. Therefore each message of a bot has `hops`, one
 * more than the message that it answers, and the filter of the listener leaves out messages with
 * too many hops.
 *
 * With a cursor file, `unanswered` records which messages the command has answered. The other
 * messages are given to the command again after it, or the listener, has ended with an error and is
 * started again.
 *
 * Before bot_open(), command.argv, command.signals and restart must be set, and the rest zeroed.
 */
struct bot {
	struct command command; /* SIGCHLD wakes the loop, which calls bot_run() */
	bool restart; /* --restart: the command is started again when it ends */
	struct output *output; /* writes to to_fd; borrowed from bot_open() */
	struct delivery delivery; /* sends the messages of the command */
	int to_fd, from_fd; /* our ends of its stdin and stdout; -1: closed */
	struct chat_lines lines; /* read from from_fd */
	bool dry; /* all lines that could be read are taken: poll from_fd */
	bool stuffed; /* the output is full, so nothing is received; set by the listener */
	bool ending; /* the program has ended, and its last lines are still being read */
	bool finished; /* the command has ended and is not started again */
	struct backoff backoff;
	int64_t started_ms;
	int64_t restart_ms; /* the time of the next start; INT64_MAX: none is planned */
	struct answerer answerer;
	struct unanswered unanswered; /* the messages that the command was given */
	bool ended_well; /* it ended with status 0, and the outbox is not empty yet */
	bool owes; /* one of its messages may be lost: `unanswered` does not move any more */
	bool started_again; /* it was started again; the listener gives it the owed messages */
	unsigned last_hops; /* the hops of the last message that it was given */
	int64_t last_given_ms; /* when it was given that message; 0: never */
	struct seen accepted_ids; /* the ids of its accepted messages */
	struct seen answer_nonces; /* the nonces of its answers that the channel has */
};

/* ---- bot_process.c ---- */

/*
 * Starts the command and opens output, which is borrowed, to its stdin. Returns 0, or -1 with
 * CHAT_CANNOT_OPEN if the program cannot be executed, or CHAT_INTERNAL if a pipe cannot be created.
 */
int bot_open(struct bot *bot, struct output *output, const struct identity *identity,
	struct chat_err *err);
void bot_close(struct bot *bot);

/*
 * Does what is possible without waiting: starts a command that is due, notes that the command has
 * ended, reads its lines and sends them.
 */
void bot_run(struct bot *bot, struct membership *membership);

/* Closes the stdin of the command, and does not start it again. A command should end then. */
void bot_hang_up(struct bot *bot);

/* Call it after the command has closed its stdin. Nothing more is written to the command. */
void bot_stdin_closed(struct bot *bot);

/* Returns true if the command has ended for good and all its messages are settled. */
bool bot_done(const struct bot *bot);

/* Adds what bot_run() waits for, except what the membership waits for. */
void bot_await(const struct bot *bot, const struct membership *membership, struct poll_set *waits);

/* ---- bot_messages.c ---- */

/*
 * Returns false if the command itself sent this message: it must not be printed then. Else the
 * message must be printed; a `message` is added to `unanswered`. self is our user in the channel.
 */
bool bot_offer(struct bot *bot, const struct chat_msg *msg, const struct identity *self);

#endif
