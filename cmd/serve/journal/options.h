#ifndef SERVE_JOURNAL_OPTIONS_H
#define SERVE_JOURNAL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* When a message counts as durable (--sync), and may be delivered. */
enum journal_sync {
	JOURNAL_SYNC_ALWAYS, /* once it is synced to the disk */
	JOURNAL_SYNC_BATCH, /* once it is written; the disk is synced within 100 ms */
	JOURNAL_SYNC_NEVER /* once it is written; the disk is never synced */
};

/* The options of a journal on the disk (chat-journal(5)). */
struct journal_options {
	const char *dir; /* the directory; it has to outlive the journal */
	enum journal_sync sync;
	uint64_t segment_bytes; /* a segment of this size is closed */
	uint64_t max_bytes; /* limit of all segment files together; 0: no limit */
	int64_t max_age_ms; /* limit of the age of a closed segment's last message; 0: no limit */
	int64_t answer_ms; /* a sync that takes longer counts as a disk that does not answer */
	uint64_t max_messages; /* of a channel, readers get the newest so many; 0: all */
	uint32_t history; /* the newest so many messages of a channel stay, despite the limits */
	bool repair; /* damaged lines are taken out and put into a file aside */
};

#endif
