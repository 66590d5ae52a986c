/* The clocks count in the units that they say, and the one for deadlines does not go back. */
#include "text/clock.h"

#include "tap.h"

int
main(void)
{
	int64_t before_ms = chat_now_ms(), before_us = chat_now_us(), unix_ms = chat_unix_ms();

	ok(chat_now_ms() >= before_ms, "the clock of deadlines does not go back");
	ok(chat_now_us() >= before_us, "nor does it in microseconds");
	ok(before_us / 1000 >= before_ms && before_us / 1000 <= chat_now_ms(),
		"both are the same clock");
	ok(unix_ms > INT64_C(1600000000000) && unix_ms < INT64_C(10000000000000),
		"Unix time is in milliseconds");
	return done();
}
