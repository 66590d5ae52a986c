#ifndef BENCH_ACK_LOAD_H
#define BENCH_ACK_LOAD_H

#include <stdint.h>

#include "command/opt.h"
#include "load_usage.h"

/*
 * The common part of the programs that measure acknowledgements: messages of so many senders, the
 * time in which they are counted, and the line of JSON.
 */
struct ack_load {
	int64_t senders, bytes, time_ms; /* options; the bytes are of a message */
	uint64_t start_ns, end_ns; /* of what is measured, by usage_now_ns() */
	char text[1001]; /* `bytes` of it are sent */
};

#define ACK_LOAD_DEFAULTS \
	{ \
		.senders = 64, .bytes = 64, .time_ms = 3000 \
	}

/* Its rows of an option table whose settings have a struct ack_load at this
 * offset. */
#define ACK_LOAD_OPTIONS(at) \
	{.kind = CHAT_OPT_NUMBER, \
		.letter = 'S', \
		.name = "senders", \
		.offset = (at) + offsetof(struct ack_load, senders), \
		.argument = "N", \
		.help = "who wait for their acknowledgements (64)", \
		.min = 1, \
		.max = 9999}, \
		{.kind = CHAT_OPT_NUMBER, \
			.letter = 'B', \
			.name = "bytes", \
			.offset = (at) + offsetof(struct ack_load, bytes), \
			.argument = "N", \
			.help = "of a message (64)", \
			.min = 1, \
			.max = 1000}, \
	{ \
		.kind = CHAT_OPT_DURATION, .name = "time", \
		.offset = (at) + offsetof(struct ack_load, time_ms), .argument = "TIME", \
		.help = "that is measured (3s)", .min = 10 \
	}

/* Makes the text. What is measured begins after a quarter of the time, and lasts the time. */
void ack_load_begin(struct ack_load *load);

/* Counts an acknowledgement that came now, if now is measured. began_ns: of its message. */
void ack_load_count(
	const struct ack_load *load, struct durations *latency, uint64_t began_ns, uint64_t now_ns);

/* Prints the line of JSON. */
void ack_load_print(const struct ack_load *load, const struct durations *latency);

#endif
