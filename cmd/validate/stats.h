#ifndef VALIDATE_STATS_H
#define VALIDATE_STATS_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/type.h"

/*
 * The counts of all files. With --strict a blank line is invalid; else it is neither valid nor
 * invalid.
 */
struct stats {
	uint64_t bytes;
	uint64_t lines;
	uint64_t blank;
	uint64_t valid;
	uint64_t invalid;
	uint64_t findings;
	uint64_t types[CHAT_TYPES]; /* of the valid lines */
	uint64_t codes[CHAT_CODES]; /* of the findings */
	uint64_t elapsed_us; /* the time of the whole run; 0 until its end */
};

/* Returns the speed of the whole run; valid when elapsed_us is set. */
static inline uint64_t
stats_bytes_per_second(const struct stats *stats)
{
	return (uint64_t)((double)stats->bytes * 1e6 /
		(double)(stats->elapsed_us ? stats->elapsed_us : 1));
}

#endif
