#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

#include <signal.h>

#include "chat/err.h"

/*
 * SIGINT, SIGTERM and SIGHUP as a descriptor to poll. A signal that was ignored when the program
 * started (nohup, a background job of a script) stays ignored.
 */
struct signals {
	int fd; /* readable when a signal has come */
	sigset_t taken; /* the signals that fd reports */
	sigset_t before; /* the signal mask before signals_open(), for child processes */
};

/* Returns 0, or -1 with CHAT_INTERNAL. */
int signals_open(struct signals *signals, struct chat_err *err);
void signals_close(struct signals *signals);

/* Adds SIGCHLD, even if it was ignored. Returns 0, or -1 with CHAT_INTERNAL. */
int signals_add_children(struct signals *signals, struct chat_err *err);

/* Returns the number of the next signal that has come, or 0. */
int signals_take(struct signals *signals);

#endif
