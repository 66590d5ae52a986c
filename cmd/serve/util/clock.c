/* Time for timestamps and deadlines, without a system call per message. */
#include "serve/util/clock.h"

#include "text/clock.h"

bool
clock_update(struct clock *clock)
{
	int64_t before_ms = clock->unix_offset_ms;

	uv_update_time(clock->loop);
	clock->unix_offset_ms = chat_unix_ms() - (int64_t)uv_now(clock->loop);
	return before_ms - clock->unix_offset_ms > CLOCK_AHEAD_MS;
}
