#ifndef SERVE_MONITOR_TURN_TIMES_H
#define SERVE_MONITOR_TURN_TIMES_H

#include <stdint.h>
#include <uv.h>

#define TURN_TIMES_BUCKETS 8

/* A histogram of how long the turns of the loop took, without the time in which it waited. */
struct turn_times {
	uint64_t counts[TURN_TIMES_BUCKETS + 1]; /* of turns, by turn_times_bounds_us */
	uint64_t sum_ns;
	uint64_t end_ns; /* when the last turn ended */
	uint64_t idle_ns; /* how long the loop had waited in all, at end_ns */
};

/* The upper bound of each bucket but the last, in microseconds. */
extern const uint64_t turn_times_bounds_us[TURN_TIMES_BUCKETS];

/* Asks the loop to keep its idle time. Call it before the loop runs. */
void turn_times_open(struct turn_times *times, uv_loop_t *loop);

/* Counts the turn that ends now. */
void turn_times_add(struct turn_times *times, uv_loop_t *loop);

#endif
