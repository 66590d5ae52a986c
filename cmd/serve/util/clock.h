#ifndef SERVE_UTIL_CLOCK_H
#define SERVE_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * The time of this turn of the loop. The loop reads the clock once in a turn. The Unix time is set
 * by the system's clock in clock_update(), and advances with the loop's time after it.
 *
 * Deadlines use clock_now_ms(), which does not count the time in which the loop stood still. While
 * the process is stopped or a turn takes long, the server cannot read what peers send. So a peer is
 * not late because of that: its input is read before its deadline.
 */
struct clock {
	uv_loop_t *loop;
	int64_t unix_offset_ms; /* Unix time minus the loop's time */
	int64_t seen_ms; /* the loop's time at the last clock_now_ms() */
	int64_t stood_ms; /* the loop's time minus clock_now_ms() */
};

#define CLOCK_STANDS_MS 1000 /* if the loop's time makes a longer step, the loop stood still */
#define CLOCK_STEP_MS 100 /* clock_now_ms() makes this step instead */

/* A time that is ahead of the clock by more than this is ignored: it or the clock was wrong. */
#define CLOCK_AHEAD_MS ((int64_t)24 * 60 * 60 * 1000)

/*
 * Reads the system's clock. Must be called a few times a second. Returns true if the system's clock
 * was set back by more than CLOCK_AHEAD_MS since the last call.
 */
bool clock_update(struct clock *clock);

/* Returns the time for deadlines. Only differences have a meaning. */
static inline int64_t
clock_now_ms(struct clock *clock)
{
	int64_t now_ms = (int64_t)uv_now(clock->loop);

	if (now_ms - clock->seen_ms > CLOCK_STANDS_MS)
		clock->stood_ms += now_ms - clock->seen_ms - CLOCK_STEP_MS;
	clock->seen_ms = now_ms;
	return now_ms - clock->stood_ms;
}

/* Returns the Unix time of this turn. */
static inline int64_t
clock_unix_ms(const struct clock *clock)
{
	return (int64_t)uv_now(clock->loop) + clock->unix_offset_ms;
}

/*
 * Returns the Unix time for an event at time_ms that comes after another event at last_ms: time_ms,
 * or last_ms if that is later by less than CLOCK_AHEAD_MS, so that times do not go back.
 */
static inline int64_t
clock_after_ms(int64_t time_ms, int64_t last_ms)
{
	return last_ms > time_ms && last_ms - time_ms < CLOCK_AHEAD_MS ? last_ms : time_ms;
}

#endif
