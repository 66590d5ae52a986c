/* Measures the server's cost and durations: clocks, /proc, a histogram. */
#include "load_usage.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "command/diag.h"

#define SUB_BITS 6 /* buckets per power of two: 64 */

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		chat_die(1, "cannot read the server's CPU time: %m");
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
usage_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
usage_cpu_ns(int64_t pid)
{
	clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;

	if (pid && clock_getcpuclockid((pid_t)pid, &clock) != 0)
		chat_die(1, "there is no process %lld", (long long)pid);
	return clock_ns(clock);
}

uint64_t
usage_waited_ns(int64_t pid)
{
	unsigned long long ran, waited;
	char path[64] = "/proc/self/schedstat";
	FILE *file;
	int fields;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%lld/schedstat", (long long)pid);
	file = fopen(path, "r");
	if (!file)
		chat_die(1, "%s: %m", path);
	fields = fscanf(file, "%llu %llu", &ran, &waited);
	fclose(file);
	if (fields != 2)
		chat_die(1, "%s does not tell the time of waiting", path);
	return waited;
}

uint64_t
usage_rss_bytes(int64_t pid)
{
	char path[64], line[256];
	unsigned long long kilobytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%lld/smaps_rollup", (long long)pid);
	file = fopen(path, "r");
	if (!file)
		chat_die(1, "%s: %m", path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Rss: %llu kB", &kilobytes) == 1)
			break;
	fclose(file);
	if (!kilobytes)
		chat_die(1, "%s does not tell the resident memory", path);
	return kilobytes * 1024;
}

void
usage_need_descriptors(int64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		chat_die(1, "getrlimit: %m");
	if (limit.rlim_max < (rlim_t)wanted) { /* root may */
		struct rlimit more = {(rlim_t)wanted, (rlim_t)wanted};

		if (setrlimit(RLIMIT_NOFILE, &more) < 0)
			chat_die(1, "%lld descriptors are needed, the limit is %lld",
				(long long)wanted, (long long)limit.rlim_max);
		return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		chat_die(1, "setrlimit: %m");
}

/* Below 2^SUB_BITS a bucket is a nanosecond; above, each power of two has that many. */
static size_t
bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < (1u << SUB_BITS))
		return ns;
	shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	return ((size_t)shift << SUB_BITS) + (size_t)(ns >> shift);
}

static double
bucket_middle(size_t bucket)
{
	unsigned shift;

	if (bucket < (1u << SUB_BITS))
		return (double)bucket;
	shift = (unsigned)(bucket >> SUB_BITS) - 1;
	return ((double)(bucket - ((size_t)shift << SUB_BITS)) + 0.5) *
		(double)((uint64_t)1 << shift);
}

void
durations_add(struct durations *durations, uint64_t ns)
{
	size_t bucket = bucket_of(ns);

	durations->bucket[bucket < USAGE_BUCKETS ? bucket : USAGE_BUCKETS - 1]++;
	durations->count++;
	if (ns > durations->max_ns)
		durations->max_ns = ns;
}

double
durations_us(const struct durations *durations, double share)
{
	double wanted = share * (double)durations->count;
	uint64_t seen = 0;

	for (size_t i = 0; i < USAGE_BUCKETS; i++) {
		seen += durations->bucket[i];
		if (seen && (double)seen >= wanted)
			return bucket_middle(i) / 1e3;
	}
	return 0;
}
