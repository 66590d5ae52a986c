/* Time for timestamps and deadlines, without a system call per message. */
#include "serve/clock.h"

#include "diag.h"

void
clock_set(struct clock *clock)
{
	uv_update_time(clock->loop);
	clock->unix_offset_ms = chat_unix_ms() - (int64_t)uv_now(clock->loop);
}
