#ifndef SIMULATION_JETSTREAM_H
#define SIMULATION_JETSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * The nats-servers of a cluster: one stream, which is an ordered list of entries. It has a leader,
 * or nobody can store anything. It drops what is published again within two minutes, as JetStream
 * does. Its machines are others than those of the servers: nobody sets their clocks. The servers of
 * the cluster are connected to it by shared_log.c.
 */

#define JETSTREAM_PAYLOAD (1 << 20)

struct stored {
	struct stored *next_lost;
	uint64_t number, instance, batch; /* who has published it, as its which batch */
	int64_t time_ms; /* Unix time, by the clock of the leader */
	int64_t stored_ns;
	struct chat_span text;
};

enum publication {
	PUBLICATION_STORED, /* now, or before */
	PUBLICATION_AWAY,
	PUBLICATION_REFUSED,
	PUBLICATION_LOST /* nobody answers, and it is not stored */
};

/* There is no stream until jetstream_make(). */
void jetstream_begin(void);
void jetstream_end(void);

/* Makes the stream if there is none. */
void jetstream_make(void);
int64_t jetstream_made_ms(void); /* Unix time, another one for each stream; 0: there is none */

/* Somebody deletes the stream with all of its entries. The next server that starts makes another
 * one; who still has this one learns of it. */
void jetstream_delete(void);

/* The first entry gets this number. Called before anything is stored. */
void jetstream_count_from(uint64_t number);

uint64_t jetstream_first(void), jetstream_last(void); /* numbers; last is below first: none */
/* Also one that was removed; NULL: there is none. Valid to the end, also if it is lost. */
const struct stored *jetstream_entry(uint64_t number);
bool jetstream_has_leader(void);

/* instance 0: of who is no server. */
enum publication jetstream_publish(const struct stored *batch);

/* There is no leader until this time, and the clock of the next one is set apart from the world's.
 */
void jetstream_change_leader(int64_t until_ns, int64_t clock_ms);

/* Removes the first entries, but the last one. */
void jetstream_remove(uint64_t count);

/* Loses the last entries: all nats-servers lose power. Their numbers are given to others. */
void jetstream_lose(uint64_t count);
/* Returns true if the stream that was made then has lost at least one entry with this number. */
bool jetstream_was_lost(int64_t made_ms, uint64_t number);

/* The connection of this process ends, and comes back at this time. */
struct process;
void shared_log_cut(const struct process *process, int64_t until_ns);

/* Gives the servers what was stored. */
void shared_log_pass_on(void);

/* The servers look whether their stream is still there. */
void shared_log_look(void);

/* Returns false if a server still has a stream that was deleted. */
bool shared_log_is_of_now(void);

/* All servers hear this. */
void shared_log_tell_all(struct chat_span call);

/* Fills in the number of the batch that one of the servers publishes next, and its instance.
 * Returns false if there is no such server. */
bool shared_log_next_batch(uint64_t which, struct stored *batch);

/* Frees what the servers had of it. */
void shared_log_end(void);

#endif
