#ifndef SERVE_UTIL_CLOCK_H
#define SERVE_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * The time of this turn of the loop, which reads the clock once a turn however many messages it
 * handles. Unix time follows the system's clock with the delay of clock_update.
 *
 * Deadlines go by clock_now_ms, which stands still with the loop: while the process is stopped, or
 * a turn takes long, nobody could be heard, and nobody is late. So what came meanwhile is read
 * before anybody is judged.
 */
struct clock {
	uv_loop_t *loop;
	int64_t unix_offset_ms; /* Unix time less the loop's */
	int64_t seen_ms; /* the loop's time when it was asked for last */
	int64_t stood_ms; /* how much of that the loop stood still */
};

#define CLOCK_STANDS_MS 1000 /* in one step: so long it stood still */
#define CLOCK_STEP_MS 100 /* what such a step counts */

/* A time so far ahead of the clock was never right, or the clock is not: it is not held on to. */
#define CLOCK_AHEAD_MS ((int64_t)24 * 60 * 60 * 1000)

/*
 * Looks at the system's clock; to be called a few times a second. Returns whether that was set back
 * by more than CLOCK_AHEAD_MS since the last call.
 */
bool clock_update(struct clock *clock);

static inline int64_t
clock_now_ms(struct clock *clock)
{
	int64_t now_ms = (int64_t)uv_now(clock->loop);

	if (now_ms - clock->seen_ms > CLOCK_STANDS_MS)
		clock->stood_ms += now_ms - clock->seen_ms - CLOCK_STEP_MS;
	clock->seen_ms = now_ms;
	return now_ms - clock->stood_ms;
}

static inline int64_t
clock_unix_ms(const struct clock *clock)
{
	return (int64_t)uv_now(clock->loop) + clock->unix_offset_ms;
}

/*
 * The time of what comes after this moment: the clock's, or that moment where the clock was set
 * back by less than CLOCK_AHEAD_MS, so that times do not go back.
 */
static inline int64_t
clock_unix_after_ms(const struct clock *clock, int64_t last_ms)
{
	int64_t now_ms = clock_unix_ms(clock);

	return last_ms > now_ms && last_ms - now_ms < CLOCK_AHEAD_MS ? last_ms : now_ms;
}

#endif
