#ifndef CHAT_CLOCK_H
#define CHAT_CLOCK_H

#include <stdint.h>

/* Milliseconds of a clock that is never set back (CLOCK_MONOTONIC): for deadlines. */
int64_t chat_now_ms(void);

/* Microseconds of the same clock: for rates and durations. */
int64_t chat_now_us(void);

/* Milliseconds since 1970 (CLOCK_REALTIME), which may be set back: for timestamps. */
int64_t chat_unix_ms(void);

#endif
