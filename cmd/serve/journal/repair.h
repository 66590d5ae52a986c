#ifndef SERVE_JOURNAL_REPAIR_H
#define SERVE_JOURNAL_REPAIR_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/scan.h"
#include "serve/journal/state.h"

/*
 * Scans a segment, takes damaged lines out of it with options.repair, and cuts its torn tail off.
 * Returns 0 with a scan of what is there now, which the caller frees; -1 with CHAT_BAD_MESSAGE if
 * it is damaged, or another code if its files cannot be read or written.
 */
int repair_check_segment(
	struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err);

#endif
