/* Times and figures of the programs that measure acknowledgements. */
#include "ack_load.h"

#include <stdio.h>
#include <string.h>

void
ack_load_begin(struct ack_load *load)
{
	memset(load->text, 'x', (size_t)load->bytes);
	load->start_ns = usage_now_ns() + (uint64_t)load->time_ms * 1000000 / 4;
	load->end_ns = load->start_ns + (uint64_t)load->time_ms * 1000000;
}

void
ack_load_count(
	const struct ack_load *load, struct durations *latency, uint64_t began_ns, uint64_t now_ns)
{
	if (now_ns >= load->start_ns && now_ns < load->end_ns)
		durations_add(latency, now_ns - began_ns);
}

void
ack_load_print(const struct ack_load *load, const struct durations *latency)
{
	printf("{\"acks_per_s\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f}\n",
		(double)latency->count * 1e3 / (double)load->time_ms, durations_us(latency, 0.5),
		durations_us(latency, 0.99), (double)latency->max_ns / 1e3);
}
