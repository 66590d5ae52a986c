#ifndef SERVE_UTIL_CLOCK_H
#define SERVE_UTIL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * The time of this turn of the loop. The clock is read once a turn, however many messages the turn
 * handles. Unix time follows the system's clock when clock_update() is called.
 *
 * Deadlines go by clock_now_ms(), which stands still while the loop does. If the process was
 * stopped, or a turn took long, the server could not read what peers sent meanwhile, and no peer is
 * late for that: it is read before a deadline is judged.
 */
struct clock {
	uv_loop_t *loop;
	int64_t unix_offset_ms; /* Unix time minus the loop's time */
	int64_t seen_ms; /* the loop's time at the last clock_now_ms() */
	int64_t stood_ms; /* by which clock_now_ms() is behind the loop's time */
};

#define CLOCK_STANDS_MS 1000 /* the loop stood still if its time makes a longer step */
#define CLOCK_STEP_MS 100 /* what such a step counts */

/* A time that is so far ahead of the clock is not kept: it was wrong, or the clock is. */
#define CLOCK_AHEAD_MS ((int64_t)24 * 60 * 60 * 1000)

/*
 * Reads the system's clock. To be called a few times a second. Returns true if the clock was set
 * back by more than CLOCK_AHEAD_MS since the last call.
 */
bool clock_update(struct clock *clock);

/* Returns the time for deadlines, in milliseconds since some moment. */
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
 * Returns the Unix time of something that follows last_ms: the clock's time, or last_ms if the
 * clock was set back by less than CLOCK_AHEAD_MS, so that times do not go back.
 */
static inline int64_t
clock_unix_after_ms(const struct clock *clock, int64_t last_ms)
{
	int64_t now_ms = clock_unix_ms(clock);

	return last_ms > now_ms && last_ms - now_ms < CLOCK_AHEAD_MS ? last_ms : now_ms;
}

#endif
