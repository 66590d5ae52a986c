#ifndef UNIT_SLOPE_H
#define UNIT_SLOPE_H

#include <float.h>
#include <stdlib.h>
#include <time.h>

/*
 * Tests how work grows with the number of things. is_linear() runs `work` with `count` things and
 * with ten times as many; work returns the CPU seconds of the part that is measured. Linear work
 * takes ten times as long; smaller caches and a logarithm can make that somewhat more. Quadratic
 * work takes a hundred times as long and, with 100,000 things, tens of microseconds for each. The
 * test fails if the larger run takes both more than SLOPE_MOST times as long as the smaller and
 * more than SLOPE_EACH_S for each thing. Under an emulator (CHAT_TEST_EMULATED), whose times say
 * little, there are ten times fewer things.
 */
#define SLOPE_MOST 50
#define SLOPE_EACH_S 4e-6

static inline double
cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Returns the shortest time of at most `runs` runs, since other work of the machine only makes a
 * run longer. Stops at one that is not longer than enough_s. */
static inline double
least_s(double (*work)(unsigned count), unsigned count, int runs, double enough_s)
{
	double least = DBL_MAX;

	while (runs-- && least > enough_s) {
		double s = work(count);

		least = s < least ? s : least;
	}
	return least;
}

#define is_linear(work, count, ...) \
	do { \
		unsigned slope_count = (count) / (getenv("CHAT_TEST_EMULATED") ? 10 : 1); \
		double slope_few = least_s(work, slope_count, 3, 0); \
		double slope_each = 10 * slope_count * SLOPE_EACH_S; \
		double slope_most = SLOPE_MOST * slope_few; \
		double slope_many; \
\
		slope_most = slope_most < slope_each ? slope_each : slope_most; \
		slope_many = least_s(work, 10 * slope_count, 3, slope_most); \
		if (!ok(slope_many <= slope_most, __VA_ARGS__)) \
			printf("# %u took %.6f s, %u took %.6f s\n", slope_count, slope_few, \
				10 * slope_count, slope_many); \
	} while (0)

#endif
