#ifndef SIMULATION_CLIENT_COMMANDS_H
#define SIMULATION_CLIENT_COMMANDS_H

#include "simulation/run.h"

#define WORDS_MOST 80

/* The command line of a client. */
struct client_command {
	const char *argv[WORDS_MOST + 1];
	char texts[WORDS_MOST][1100]; /* of the words that are made */
	unsigned count;
};

/* Bits of the options of a client. */
enum send_option {
	SEND_TEE = 1 << 0,
	SEND_QUIET = 1 << 1,
	SEND_REPLY = 1 << 2,
	SEND_FULL = 1 << 3,
	SEND_VISIBLE = 1 << 4,
	SEND_VERBOSE = 1 << 5,
	SEND_RETRY_SHORT = 1 << 6,
	SEND_TIMEOUT = 1 << 7,
	SEND_REPLACE = 1 << 8,
	SEND_IMPATIENT = 1 << 9,
	SEND_RETRY_NOT = 1 << 10,
	SEND_RETRY_FOREVER = 1 << 11
};

enum listen_option {
	LISTEN_HUMAN = 1 << 0,
	LISTEN_SAVE = 1 << 1,
	LISTEN_EVENTS = 1 << 2,
	LISTEN_LINE = 1 << 3,
	LISTEN_FROM = 1 << 4,
	LISTEN_NO_USER = 1 << 5,
	LISTEN_NO_LOOP = 1 << 6,
	LISTEN_HIDDEN = 1 << 7,
	LISTEN_QUIET = 1 << 8,
	LISTEN_VERBOSE = 1 << 9,
	LISTEN_NO_RECONNECT = 1 << 10,
	LISTEN_COLOR = 1 << 11
};

enum bot_option {
	BOT_RESTART = 1 << 0,
	BOT_MISSING = 1 << 1 /* with two more: its program is not there, or not one */
};

/* Returns true if a sender waits for answers. */
static inline bool
client_wants_replies(const struct client_plan *plan)
{
	return (plan->options & SEND_REPLY) && plan->ack != 3;
}

/* Returns true if a sender sends its standard input as a file. */
static inline bool
client_sends_stdin(const struct client_plan *plan)
{
	return plan->kind == CLIENT_SENDER && plan->form == SEND_FILES &&
		(plan->options & SEND_REPLACE);
}

/* The end of the texts of a sender, after client_text() (clients.c). */
const char *client_tail(const struct client_plan *plan);

/* Returns true if the command of a bot can be started. */
static inline bool
client_has_program(const struct client_plan *plan)
{
	return (plan->options & 7 << 1) != 7 << 1;
}

void client_command_write(struct client_command *command, const struct run *run, unsigned number);

#endif
