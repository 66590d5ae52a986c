#ifndef SERVE_CLOCK_H
#define SERVE_CLOCK_H

#include <stdint.h>
#include <uv.h>

/*
 * The time of this turn of the loop, which reads the clock once a turn however many messages it
 * handles. Unix time follows the system's clock with the delay of clock_set.
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

/* Looks at the system's clock; to be called a few times a second. */
void clock_set(struct clock *clock);

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

#endif
