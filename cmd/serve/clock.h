#ifndef SERVE_CLOCK_H
#define SERVE_CLOCK_H

#include <stdint.h>
#include <uv.h>

/*
 * The time of this turn of the loop, which reads the clock once a turn however many messages it
 * handles. Unix time follows the system's clock with the delay of clock_set.
 */
struct clock {
	uv_loop_t *loop;
	int64_t unix_offset_ms; /* Unix time less the loop's */
};

/* Looks at the system's clock; to be called a few times a second. */
void clock_set(struct clock *clock);

static inline int64_t
clock_now_ms(const struct clock *clock)
{
	return (int64_t)uv_now(clock->loop);
}

static inline int64_t
clock_unix_ms(const struct clock *clock)
{
	return (int64_t)uv_now(clock->loop) + clock->unix_offset_ms;
}

#endif
