#ifndef SERVE_JOURNAL_TORN_TAIL_H
#define SERVE_JOURNAL_TORN_TAIL_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/scan.h"
#include "serve/journal/state.h"

/*
 * Cuts off what was half written at the end of a segment, and puts it into the segment's file
 * .torn; makes its checksums those of the lines that stay. scan: the result of scanning the
 * segment, which has no damage before its end. Returns 0, or -1.
 */
int torn_tail_cut(
	struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err);

#endif
