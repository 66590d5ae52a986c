#ifndef CHAT_TEXT_CLOCK_H
#define CHAT_TEXT_CLOCK_H

#include <stdint.h>

/* Returns milliseconds of a clock that is never set back (CLOCK_MONOTONIC): for deadlines. */
int64_t chat_now_ms(void);

/* Returns microseconds of the clock of chat_now_ms: for rates and durations. */
int64_t chat_now_us(void);

/* Returns milliseconds since 1970 of a clock that may be set back (CLOCK_REALTIME): for timestamps.
 */
int64_t chat_unix_ms(void);

#endif
