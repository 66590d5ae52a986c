#ifndef SERVE_JOURNAL_TORN_TAIL_H
#define SERVE_JOURNAL_TORN_TAIL_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/scan.h"
#include "serve/journal/state.h"

/*
 * Moves the torn tail of a segment to the segment's file .torn, and makes the file of checksums
 * match the remaining lines. scan: the result of scanning the segment, which must have no damage
 * before its end. Returns 0, or -1.
 */
int torn_tail_cut(
	struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err);

#endif
