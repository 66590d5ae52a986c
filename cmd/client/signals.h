#ifndef CLIENT_SIGNALS_H
#define CLIENT_SIGNALS_H

#include <signal.h>

#include "chat/err.h"

/*
 * INT, TERM and HUP as something to poll. Those that were ignored when the program started
 * (nohup, a background job of a script) stay ignored.
 */
struct signals {
	int fd; /* readable when one came */
	sigset_t taken; /* those that it tells of */
	sigset_t before; /* the mask to give a child */
};

int signals_open(struct signals *signals, struct chat_err *err);
void signals_close(struct signals *signals);

/* CHLD too, whatever was done with it before. -1: CHAT_INTERNAL. */
int signals_add_children(struct signals *signals, struct chat_err *err);

/* The next signal that came, 0 when there is none. */
int signals_take(struct signals *signals);

#endif
