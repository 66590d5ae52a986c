#ifndef SIMULATION_WAY_H
#define SIMULATION_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file;

/* One direction of a pipe or a connection. The first `arrived` of `len` can be read. */
struct way {
	unsigned refs; /* both ends, and what is on its way */
	struct file *reader, *writer; /* borrowed; NULL: closed */
	char *bytes;
	size_t len, arrived, cap;
	int64_t last_ns; /* the arrival of the last piece */
	int64_t held_ns; /* nothing arrives before that time */
	bool slow; /* a connection: pieces take time */
	bool ended, end_arrived; /* the writer has closed or shut down */
	bool reset;
};

/* A way with both ends, each of which owns a reference. slow: pieces take time. */
struct way *way_new(size_t cap, bool slow);
void way_unref(struct way *way);

/* None waits: -1 with errno EAGAIN instead. */
ssize_t way_read(struct way *way, void *bytes, size_t size);
ssize_t way_write(struct way *way, const void *bytes, size_t len);

/* The writer has ended; the reader finds out when all is read. */
void way_end(struct way *way);

/* The reader finds a reset when it arrives, or at once. */
void way_reset(struct way *way);
void way_break(struct way *way);

/* The time that a piece takes, by chance. */
int64_t way_latency_ns(void);

#endif
