/* Measures the turns of the server: a long turn is a delay for every peer. */
#include "serve/monitor/turn_times.h"

#include <uv.h>

const uint64_t turn_times_bounds_us[TURN_TIMES_BUCKETS] = {
	50, 200, 1000, 5000, 20000, 100000, 500000, 2000000};

void
turn_times_begin(struct turn_times *times)
{
	times->began_ns = uv_hrtime();
}

void
turn_times_end(struct turn_times *times)
{
	uint64_t took_ns = uv_hrtime() - times->began_ns;
	int bucket = 0;

	times->sum_ns += took_ns;
	while (bucket < TURN_TIMES_BUCKETS && took_ns > turn_times_bounds_us[bucket] * 1000)
		bucket++;
	times->counts[bucket]++;
}
