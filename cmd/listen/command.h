#ifndef LISTEN_COMMAND_H
#define LISTEN_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"

/*
 * A program that is run, with all processes that it starts. There is no shell. The program gets
 * three descriptors of ours, and no token. It leads a process group; the processes that remain in
 * it when the program has ended are ended by SIGTERM, and then by SIGKILL. A process that begins a
 * session of its own (setsid) leaves the group and is not ended.
 *
 * It starts with argv and signals set and the rest zeroed. Call command_reap() after SIGCHLD.
 */
struct command {
	char **argv; /* NULL-terminated, borrowed */
	const sigset_t *signals; /* its signal mask, borrowed */
	pid_t pid; /* 0: it has ended, or was not started */
	pid_t group; /* 0: the group is empty */
	int status; /* its exit status as in a shell: 127 not found, 126 not executable */
	bool killed; /* SIGKILL was sent */
	int64_t next_ms; /* when the next signal to the group is due; INT64_MAX: none is */
};

/*
 * Starts the program. in, out: its stdin, stdout. Returns 0, or -1 with CHAT_CANNOT_OPEN and sets
 * status.
 */
int command_start(struct command *command, int in, int out, struct chat_err *err);

/*
 * Reaps the processes that have ended, and ends the others if the program has ended. Returns true
 * once, when the program itself has ended.
 */
bool command_reap(struct command *command);

/* Sends a signal to the group. */
void command_signal(struct command *command, int signal);

/* Returns when command_reap() is due without SIGCHLD, or INT64_MAX. */
int64_t command_wake_ms(const struct command *command);

/* Returns true if no process of the group is left. */
static inline bool
command_is_gone(const struct command *command)
{
	return command->group == 0;
}

#endif
