#ifndef SIMULATION_MODEL_PRIVATE_H
#define SIMULATION_MODEL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulation/run.h"

/* Between the files model*.c. */

#define ID_MOST 64
#define OTHERS CHANNELS /* the channels that only adversaries make */

/* A message that somebody has printed. */
struct known {
	char id[ID_MOST];
	uint64_t order; /* from its id: the server's start, and the number since then */
	char author[ID_MOST];
	char *content; /* owned */
	unsigned channel;
	uint64_t line; /* a digest of what was printed */
	bool printed; /* by the server */
	bool optional; /* the server may have lost it */
	bool acknowledged; /* a receipt has it */
	bool kept; /* it is there at the end */
};

#define EPOCHS_MOST (2 * RUNS_MOST)

struct model {
	struct run *run;
	char epochs[EPOCHS_MOST][32]; /* what ids begin with, in their order */
	unsigned epoch_count;
	struct known *known; /* in the order of their ids */
	size_t count, cap;
};

/* ---- model_list.c: one order of all messages ---- */

/* Reads a line that is a message; its content is in a buffer that the next one uses. */
bool model_read(struct chat_span line, struct known *message);

/* The place of an epoch, which is what an id of this length begins with; -1: it is not known. */
int model_find_epoch(const struct model *model, const char *id, size_t len);

/* Takes the epochs of messages in the order of a text. */
void model_take_epochs(struct model *model, const char *text, size_t len);

/* An id is the name of an epoch of the journal, a dash, and a number. The names are not in order
 * if the clock was set. */
uint64_t model_order(struct model *model, const char *id);

/* The place of a message in the list, or where it would be. */
size_t model_find(const struct model *model, uint64_t order);

/* Adds a message, or finds that it is known with another content. */
struct known *model_add(struct model *model, const struct known *message);
void model_take_server(struct model *model); /* what it printed */

/* Returns true if the stream of a cluster has removed the entry of this message, or was deleted:
 * then not all servers need to have it. */
bool model_is_removed(const struct model *model, uint64_t order);

/* Returns true if the stream has lost an entry with the number of this message: there may be two
 * messages with the same id. */
bool model_is_lost(const struct model *model, uint64_t order);

/* Returns true if the stream has another message, or none, in the place of this one, which was
 * lost. Only texts of speakers are looked for: they are written as they are. What was also removed
 * is not known to be lost: no server can compare it. */
bool model_was_lost(const struct model *model, const struct known *message, uint64_t order);

/* ---- model_nodes.c: the servers of a cluster ---- */

/* Checks what each of them has printed, and what is in its journal. */
void model_check_nodes(struct model *model);

/* ---- model_heard.c: what readers heard ---- */

void model_check_listener(struct model *model, unsigned number);
void model_check_final(struct model *model, unsigned node, unsigned channel);

/* Messages that a wall removes may be gone: segments that no history needs, or, of a journal that
 * is much too large, any. The last ones are needed. */
void model_excuse_removed(struct model *model, unsigned channel);

#endif
