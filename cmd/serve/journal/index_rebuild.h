#ifndef SERVE_JOURNAL_INDEX_REBUILD_H
#define SERVE_JOURNAL_INDEX_REBUILD_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/* These functions may be called on any thread. The caller closes an index that was opened. */

/*
 * Opens the index file of a closed segment. lines_bytes: the size of its file of lines. If the
 * index file is missing, damaged or of an older form, makes it from the lines; unless it was
 * missing, reports this first. Returns 0; -1 with CHAT_CANNOT_OPEN if the segment does not exist;
 * -1 with CHAT_BAD_MESSAGE if its lines are damaged or have another size; or -1 with another code.
 */
int index_open_or_rebuild(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/*
 * Opens an existing index file. Returns 0; 1 if it is missing or wrong, so that it must be made (a
 * wrong one is reported); or -1 if it cannot be opened for another reason.
 */
int index_open_if_valid(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/*
 * Makes the index file from the lines, and opens it. Returns 0, or -1 with the same errors as
 * index_open_or_rebuild.
 */
int index_rebuild(struct index_file *index, int dir_fd, uint32_t number, struct chat_err *err);

/* Reports that an index file is wrong and will be made again. why->text: what is wrong with it. */
void index_report_wrong(const struct journal *journal, uint32_t number, const struct chat_err *why);

#endif
