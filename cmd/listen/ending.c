/* The end of a run. listener_turn() checks after each step if it has begun. */
#include "listen/ending.h"

#include "text/clock.h"

void
ending_begin(struct ending *ending, int status)
{
	if (ending->begun)
		return;
	ending->begun = true;
	ending->begun_ms = chat_now_ms();
	if (ending->status == 0)
		ending->status = status;
}

void
ending_fail(struct ending *ending, int status)
{
	ending_begin(ending, 0);
	ending->status = status;
}
