#ifndef SERVE_JOURNAL_OPTIONS_H
#define SERVE_JOURNAL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The condition on which a message is durable, so that it may be delivered (--sync). */
enum journal_sync {
	JOURNAL_SYNC_ALWAYS, /* it is synced to the disk */
	JOURNAL_SYNC_BATCH, /* it is written; the next sync starts within 100 ms */
	JOURNAL_SYNC_NEVER /* it is written; nothing is synced */
};

/* The options of a journal on the disk (chat-journal(5)). */
struct journal_options {
	const char *dir; /* the path of the directory; must outlive the journal */
	enum journal_sync sync;
	uint64_t segment_bytes; /* the active segment is full when its lines have this many bytes */
	uint64_t max_bytes; /* limit of all segments together; 0: no limit */
	int64_t max_age_ms; /* limit of the age of a segment's last message; 0: no limit */
	int64_t answer_ms; /* a longer sync means that the disk does not answer */
	uint64_t max_messages; /* limit of a channel's messages that readers get; 0: no limit */
	uint32_t history; /* the number of a channel's newest messages that limits keep */
	bool repair; /* recovery moves damaged lines to a file .damaged */
};

#endif
