#ifndef LISTEN_ENDING_H
#define LISTEN_ENDING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The end of a run of chat-listen. When it has begun, no more messages are printed; the pending
 * output is written and the connections are closed. It starts zeroed.
 */
struct ending {
	bool begun;
	int64_t begun_ms; /* when it began; valid if begun is true */
	int status; /* the exit status; 0: not set */
};

/*
 * Begins the end and sets the exit status, unless another one is set. Does nothing if the end has
 * begun.
 */
void ending_begin(struct ending *ending, int status);

/* Begins the end and sets the exit status, even if another one is set. */
void ending_fail(struct ending *ending, int status);

#endif
