#ifndef SERVE_MONITOR_TURN_TIMES_H
#define SERVE_MONITOR_TURN_TIMES_H

#include <stdint.h>

#define TURN_TIMES_BUCKETS 8

/* A histogram of how long the turns of the server took, without the time in which it waited. */
struct turn_times {
	uint64_t counts[TURN_TIMES_BUCKETS + 1]; /* of turns, by turn_times_bounds_us */
	uint64_t sum_ns;
	uint64_t began_ns; /* when this turn began */
};

/* The upper bound of each bucket but the last, in microseconds. */
extern const uint64_t turn_times_bounds_us[TURN_TIMES_BUCKETS];

/* A turn begins now: the server has waited. */
void turn_times_begin(struct turn_times *times);

/* Counts the turn, which ends now. */
void turn_times_end(struct turn_times *times);

#endif
