#ifndef SERVE_JOURNAL_REPAIR_H
#define SERVE_JOURNAL_REPAIR_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/scan.h"
#include "serve/journal/state.h"

/*
 * Scans a segment; with options.repair, removes its damaged lines; cuts off its torn tail. Returns
 * 0 with *scan describing the result, which the caller frees with scan_free; -1 with
 * CHAT_BAD_MESSAGE if the segment is damaged, or with another code if its files cannot be read or
 * written.
 */
int repair_check_segment(
	struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err);

#endif
