#ifndef SIMULATION_STRANGER_H
#define SIMULATION_STRANGER_H

#include <stdint.h>

#include "chat/span.h"

/*
 * Somebody who may publish to the subjects of a cluster, and is no server of it. He publishes
 * entries of the stream and calls of the roll: garbage, far too much, what has a wrong field, what
 * a server has published before, the number of its next batch, calls in its name, and what is well
 * formed. The users of whom he tells have names that nobody honest has, but for the rivals.
 */

/* Publishes something. The number says what. */
void stranger_act(uint64_t number);

/* A server says this to the others. */
void stranger_overhear(struct chat_span call);

/* Frees what was overheard. */
void stranger_end(void);

#endif
