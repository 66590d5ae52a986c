#ifndef LISTEN_ENDING_H
#define LISTEN_ENDING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How a run of chat-listen ends. After it has begun to end no message is printed; the output is
 * still written and the connections are closed. It starts zeroed.
 */
struct ending {
	bool begun;
	int64_t begun_ms; /* when; valid if begun is true */
	int status; /* the exit status; 0: none is set yet */
};

/*
 * Begins to end. status is the exit status, unless one is set already. Does nothing the second
 * time.
 */
void ending_begin(struct ending *ending, int status);

/* Begins to end with this exit status, even if another one is set. */
void ending_fail(struct ending *ending, int status);

#endif
