#ifndef SERVE_JOURNAL_CLOSED_SEGMENTS_H
#define SERVE_JOURNAL_CLOSED_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A segment that does not grow any more and has an index file. */
struct closed_segment {
	uint32_t number;
	uint64_t base, last; /* numbers of its messages: (base, last]; equal: none */
	int64_t timestamp_ms; /* latest timestamp (Unix time); retention can lower it */
	uint64_t lines_bytes; /* size of the file of lines */
	uint64_t bytes; /* the size of its lines, checksums and index file */
	const struct channel_stats *needed_by; /* its history needs the segment; NULL: unknown */
	uint32_t newest_of; /* the number of channels with one of their newest messages in it */
	bool removing; /* its messages count as removed; its files are not deleted yet */
};

/* A growing array of closed segments. All zeros is an empty one. */
struct closed_segments {
	struct closed_segment *at; /* ascending, by `number` and by `last` */
	size_t count, cap;
	uint64_t bytes; /* of all segments; during retention_run without `removing` ones */
};

/* Adds a segment. Its number must be above those of all others. */
void closed_segments_add(struct closed_segments *segments, struct closed_segment closed);

/*
 * Returns the segment of this number, or NULL. The result is valid until a segment is added or
 * removed.
 */
struct closed_segment *closed_segments_find(
	const struct closed_segments *segments, uint32_t number);

/* Returns the index of the first segment with `last` above `message`, or count if there is none. */
size_t closed_segments_after(const struct closed_segments *segments, uint64_t message);

/*
 * Returns the number of the last message of the first segments, as many as have only messages that
 * are older than time_ms (Unix time); 0 if there are none.
 */
uint64_t closed_segments_older_than(const struct closed_segments *segments, int64_t time_ms);

/* Returns true if both have the segments of the same numbers. Their timestamps may differ. */
bool closed_segments_are_same(
	const struct closed_segments *one, const struct closed_segments *other);

/* Replaces the contents of `to` by a copy. */
void closed_segments_copy(struct closed_segments *to, const struct closed_segments *from);

void closed_segments_free(struct closed_segments *segments);

#endif
