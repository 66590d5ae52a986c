#ifndef LISTEN_COMMAND_H
#define LISTEN_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "chat/err.h"

/*
 * A program that is run, with all that it starts. No shell is involved; no descriptor of ours but
 * three is the program's, and no token. It leads a process group: what is left of that after its
 * end is ended too, by SIGTERM and then by SIGKILL. Only who begins a membership of its own gets
 * away.
 *
 * Starts with argv and signals set and the rest zeroed. SIGCHLD tells when to reap.
 */
struct command {
	char **argv; /* NULL-terminated, borrowed */
	const sigset_t *signals; /* the mask it gets, borrowed */
	pid_t pid; /* 0: it has ended, or was not started */
	pid_t group; /* 0: there is nobody in it */
	int status; /* that it ended with, as a shell says it: 127 not found, 126 not executable */
	bool killed; /* nobody is spared any more */
	int64_t next_ms; /* when the rest of its group is dealt with next; INT64_MAX: it is not */
};

/* Starts it with these as its stdin and stdout. -1: CHAT_CANNOT_OPEN, and its status. */
int command_start(struct command *command, int in, int out, struct chat_err *err);

/* Takes note of who has ended, and sees to the rest. True, once: the program itself has ended. */
bool command_reap(struct command *command);

/* Sends a signal to all of it. */
void command_signal(struct command *command, int signal);

/* When command_reap has something to do without a SIGCHLD; INT64_MAX: never. */
int64_t command_wake_ms(const struct command *command);

static inline bool
command_is_gone(const struct command *command)
{
	return command->group == 0;
}

#endif
