#ifndef SERVE_JOURNAL_CLOSED_SEGMENTS_H
#define SERVE_JOURNAL_CLOSED_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A segment that does not grow any more and has an index file. */
struct closed_segment {
	uint32_t number;
	uint64_t base, last; /* its messages have numbers above base, up to last; equal: none */
	int64_t timestamp_ms; /* the latest of its messages; Unix time */
	uint64_t lines_bytes; /* size of the file of lines */
	uint64_t bytes; /* size of all its files */
	const struct channel_stats *needed_by; /* a channel whose history needs it; NULL: unknown */
	uint32_t newest_of; /* so many channels have one of their newest messages in it */
	bool removing; /* its messages count as removed; its files are still to be deleted */
};

/* A growing array of them; all zeros is an empty one. */
struct closed_segments {
	struct closed_segment *at; /* ascending, by number and by messages */
	size_t count, cap;
	uint64_t bytes; /* of all that are not `removing` */
};

/* Adds a segment, whose number is above those of all others. */
void closed_segments_add(struct closed_segments *segments, struct closed_segment closed);

/* Returns the segment of this number, or NULL. It is valid until one is added or removed. */
struct closed_segment *closed_segments_find(
	const struct closed_segments *segments, uint32_t number);

/* Returns the index of the first segment whose last message has a number above this; else count. */
size_t closed_segments_after(const struct closed_segments *segments, uint64_t message);

void closed_segments_free(struct closed_segments *segments);

#endif
