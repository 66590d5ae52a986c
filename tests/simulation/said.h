#ifndef SIMULATION_SAID_H
#define SIMULATION_SAID_H

#include "chat/span.h"
#include "simulation/run.h"

/* The messages that were said in a run, as the server printed them and as they were at the end. */

#define ID_MOST 100

/* A message as somebody printed it. */
struct said {
	char id[ID_MOST], author[ID_MOST], reply_to[ID_MOST], channel[64];
	char *content; /* owned, in a list */
	size_t place; /* in the server's log, from 1 on; 0: it did not come to print it */
	bool kept; /* it is there at the end */
};

struct list {
	struct run *run;
	struct said *said; /* by their ids */
	size_t count, cap;
	bool lossy; /* the server has lost something, or could not store something */
};

/* Reads a line that is a message; its content is in a buffer that the next one uses. */
bool said_read(struct chat_span line, struct said *said);

struct said *said_find(const struct list *list, const char *id);

/* Takes what the server printed, and what was there at the end. */
void said_take_all(struct list *list);
void said_free(struct list *list);

#endif
