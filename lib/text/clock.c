/* The clocks for deadlines and timestamps. */
#include "text/clock.h"

#include <time.h>

_Static_assert(sizeof(time_t) == 8, "a time after 2038 is a time");

static int64_t
read_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
chat_now_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
chat_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
chat_unix_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}
