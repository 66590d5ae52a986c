#ifndef SERVE_JOURNAL_SEGMENT_LIST_H
#define SERVE_JOURNAL_SEGMENT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"

/* The numbers of the segments in a directory. */
struct segment_list {
	uint32_t *at; /* ascending */
	size_t count, cap;
};

/*
 * Lists the segments, and deletes temporary files of an earlier server. dir: the path, for errors.
 * Returns 0, or -1: with CHAT_CANNOT_OPEN if the directory or a file of a segment cannot be opened,
 * is not regular or belongs to another user; with CHAT_IO_ERROR if the directory cannot be read.
 * The caller frees list->at in all cases.
 */
int segment_list_read(struct segment_list *list, int dir_fd, const char *dir, struct chat_err *err);

#endif
