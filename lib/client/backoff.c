/* The pause before another attempt. */
#include "client/backoff.h"

#include "wire/random.h"

uint64_t
chat_random_below(uint64_t bound)
{
	uint64_t number;

	chat_random(&number, sizeof(number));
	return number % bound;
}

int64_t
chat_backoff_next_ms(struct backoff *backoff, int64_t most_ms)
{
	int64_t bound = BACKOFF_FIRST_MS;

	if (most_ms == 0 || most_ms > BACKOFF_MOST_MS)
		most_ms = BACKOFF_MOST_MS;
	for (unsigned i = 0; i < backoff->attempts && bound < most_ms; i++)
		bound *= 2;
	if (bound > most_ms)
		bound = most_ms;
	else
		backoff->attempts++;
	return (int64_t)chat_random_below((uint64_t)bound + 1);
}
