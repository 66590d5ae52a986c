#ifndef SERVE_JOURNAL_INDEX_REBUILD_H
#define SERVE_JOURNAL_INDEX_REBUILD_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/* All these can be called on any thread. The caller closes an index that was opened. */

/*
 * Opens the index file of a closed segment whose lines have so many bytes; makes it from the lines
 * where it is missing, wrong or of an older form, and reports that it was wrong. Returns 0; -1 with
 * CHAT_CANNOT_OPEN if the segment is not there; -1 with CHAT_BAD_MESSAGE if its lines are damaged,
 * or have another size.
 */
int index_open_or_rebuild(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/*
 * Opens the index file as it is. Returns 0; 1 if it is missing or wrong, and has to be made again
 * (a wrong one is reported); -1 if it cannot be opened.
 */
int index_open_if_valid(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/* Makes the index file from the lines, and opens it. Fails as index_open_or_rebuild does. */
int index_rebuild(struct index_file *index, int dir_fd, uint32_t number, struct chat_err *err);

/* Reports that an index file is wrong and will be made again; why->text says what is wrong. */
void index_report_wrong(const struct journal *journal, uint32_t number, const struct chat_err *why);

#endif
