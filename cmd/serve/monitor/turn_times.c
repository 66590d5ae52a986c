/* Measures the turns of the loop: a long turn is a delay for every peer. */
#include "serve/monitor/turn_times.h"

const uint64_t turn_times_bounds_us[TURN_TIMES_BUCKETS] = {
	50, 200, 1000, 5000, 20000, 100000, 500000, 2000000};

void
turn_times_open(struct turn_times *times, uv_loop_t *loop)
{
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
	times->end_ns = uv_hrtime();
}

void
turn_times_add(struct turn_times *times, uv_loop_t *loop)
{
	uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(loop);
	uint64_t took_ns = now_ns - times->end_ns - (idle_ns - times->idle_ns);
	int bucket = 0;

	times->end_ns = now_ns;
	times->idle_ns = idle_ns;
	times->sum_ns += took_ns;
	while (bucket < TURN_TIMES_BUCKETS && took_ns > turn_times_bounds_us[bucket] * 1000)
		bucket++;
	times->counts[bucket]++;
}
