/* The size of the journal, which rotation and retention compare with --journal-max-bytes. */
#include "serve/journal/journal_size.h"

#define SHARES 4 /* the active segment is full at 1/4 of --journal-max-bytes */

static uint64_t
list_bytes(const struct segment *segment)
{
	uint64_t bytes = 0;

	for (; segment; segment = segment->next)
		bytes += segment_bytes(segment);
	return bytes;
}

/* Returns the bytes of all segments except the active one. */
static uint64_t
other_bytes(const struct disk_journal *disk)
{
	return disk->closed.bytes + list_bytes(disk->segments.full) +
		list_bytes(disk->segments.finishing);
}

uint64_t
journal_size(const struct disk_journal *disk)
{
	return other_bytes(disk) + segment_bytes(disk->segments.active);
}

uint64_t
journal_size_share(const struct disk_journal *disk)
{
	return disk->options.max_bytes / SHARES;
}

bool
journal_size_exceeds(const struct disk_journal *disk, uint64_t max_bytes)
{
	uint64_t active = segment_bytes(disk->segments.active), share = journal_size_share(disk);

	return max_bytes && other_bytes(disk) + (active > share ? active : share) > max_bytes;
}
