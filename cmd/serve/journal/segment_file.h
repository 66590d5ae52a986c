#ifndef SERVE_JOURNAL_SEGMENT_FILE_H
#define SERVE_JOURNAL_SEGMENT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The files of a segment. Their names are its number, in at least 8 digits, and a suffix
 * (chat-journal(5)).
 */
enum segment_file {
	SEGMENT_LINES, /* .ndjson */
	SEGMENT_SUMS, /* .sums: a checksum for each line */
	SEGMENT_INDEX, /* .index: the positions of each channel's messages */
	SEGMENT_TORN, /* .torn: a torn tail that was cut off */
	SEGMENT_DAMAGED /* .damaged: lines that --repair removed */
};

/* ---- names ---- */

#define SEGMENT_NAME_MAX 32
#define SEGMENT_NUMBER_MAX (UINT32_MAX - 1)

/* Writes the name of a segment's file to `name`, and returns `name`. */
const char *segment_name(char name[SEGMENT_NAME_MAX], uint32_t number, enum segment_file file);

/*
 * Returns the number of the segment with a file of this kind and name; 0 if the name is not of this
 * form.
 */
uint32_t segment_number(const char *name, enum segment_file file);

/* Returns true if this is the name of a file of a segment, of any kind. */
bool segment_name_is_any(const char *name);

/* Returns true if this is the temporary name of a file of a segment. */
bool segment_name_is_temporary(const char *name);

/* ---- files ---- */

/*
 * Opens a file with these flags of openat(2). Returns a descriptor, or -1 with CHAT_CANNOT_OPEN and
 * errno.
 */
int segment_file_open(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err);

/*
 * Opens a file for appending, with these flags added. Returns a descriptor, or -1 with
 * CHAT_CANNOT_CREATE and errno.
 */
int segment_file_open_append(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err);

/* Writes all bytes, with one write(2) unless it is partial. Returns 0, or -1 with errno. */
int segment_file_write(int fd, struct chat_span bytes);

/* Appends bytes to a file, and syncs it. Creates the file if it is missing. Returns 0, or -1. */
int segment_file_append(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err);

/*
 * Writes and syncs a temporary file, then renames it, so that it replaces the old file at once.
 * Returns 0, or -1, and then the old file is unchanged.
 */
int segment_file_replace(int dir_fd, uint32_t number, enum segment_file file,
	struct chat_span bytes, struct chat_err *err);

/* Deletes the files of lines, checksums and index of a segment, if they exist. Returns 0, or -1. */
int segment_remove(int dir_fd, uint32_t number, struct chat_err *err);

#endif
