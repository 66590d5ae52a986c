#ifndef LISTEN_COMMAND_H
#define LISTEN_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"

/*
 * A program that is run without a shell, and all processes that it starts. Of our descriptors it
 * has only the first three, and its environment has no token. It leads a process group. If
 * processes remain in the group when the program has ended, they get SIGTERM and later SIGKILL. A
 * process that begins a session of its own (setsid) leaves the group and is not ended.
 *
 * Before command_start(), argv and signals must be set, and the rest zeroed. Call command_reap()
 * after each SIGCHLD, and at command_wake_ms().
 */
struct command {
	char **argv; /* NULL-terminated, borrowed */
	const sigset_t *signals; /* its signal mask, borrowed */
	pid_t pid; /* 0: the program has ended, or was not started */
	pid_t group; /* 0: the group is empty */
	int status; /* as $? in a shell: 127 not found, 126 not executable, 128 + signal */
	bool killed; /* command_signal() has sent SIGKILL */
	int64_t next_ms; /* when the next step to end the group is due; INT64_MAX: none */
};

/*
 * Starts the program with the descriptors in and out as stdin and stdout; the caller closes them.
 * Returns 0. Returns -1 with CHAT_CANNOT_OPEN, and sets status, if it cannot be executed.
 */
int command_start(struct command *command, int in, int out, struct chat_err *err);

/*
 * Reaps all children of this process that have ended. If the program has ended or was killed, does
 * the next step to end the rest of its group. Returns true once, at the end of the program.
 */
bool command_reap(struct command *command);

/* Sends a signal to the group, and to the program if it has left the group. */
void command_signal(struct command *command, int signal);

/* Returns when command_reap() must be called even without SIGCHLD, or INT64_MAX. */
int64_t command_wake_ms(const struct command *command);

/* Returns true if no process of the group is left, or if it was given up. */
static inline bool
command_is_gone(const struct command *command)
{
	return command->group == 0;
}

#endif
