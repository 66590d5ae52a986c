#ifndef BENCH_LOAD_USAGE_H
#define BENCH_LOAD_USAGE_H

#include <stddef.h>
#include <stdint.h>

uint64_t usage_now_ns(void); /* monotonic */

/* CPU time that a process has used, all its threads, dead ones too; pid 0: this one. */
uint64_t usage_cpu_ns(int64_t pid);

/*
 * Time that its first thread was ready to run while others had the core; pid 0: this one's. What a
 * measurement shares its cores with shows here.
 */
uint64_t usage_waited_ns(int64_t pid);

/* Resident memory of a process. */
uint64_t usage_rss_bytes(int64_t pid);

/* The limit of descriptors raised as far as it goes; dies where it is under `wanted`. */
void usage_need_descriptors(int64_t wanted);

/* Durations, counted in buckets 1.6% wide. Zero-initialised it is empty. */
#define USAGE_BUCKETS 2560
struct durations {
	uint64_t count;
	uint64_t max_ns;
	uint64_t bucket[USAGE_BUCKETS];
};

void durations_add(struct durations *durations, uint64_t ns);

/* The duration that a share (0..1) of them does not pass, in microseconds. */
double durations_us(const struct durations *durations, double share);

#endif
