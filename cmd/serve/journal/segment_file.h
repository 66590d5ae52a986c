#ifndef SERVE_JOURNAL_SEGMENT_FILE_H
#define SERVE_JOURNAL_SEGMENT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/* The files of one segment: a number of 8 digits or more, and a suffix (chat-journal(5)). */
enum segment_file {
	SEGMENT_LINES, /* .ndjson */
	SEGMENT_SUMS, /* .sums: a checksum for each line */
	SEGMENT_INDEX, /* .index: where the messages of each channel lie */
	SEGMENT_TORN, /* .torn: the torn tail that was cut off */
	SEGMENT_DAMAGED /* .damaged: the lines that --repair took out */
};

/* ---- names ---- */

#define SEGMENT_NAME_MAX 32
#define SEGMENT_NUMBER_MAX (UINT32_MAX - 1)

/* Writes the name of a segment's file to `name`, and returns it. */
const char *segment_name(char name[SEGMENT_NAME_MAX], uint32_t number, enum segment_file file);

/* Returns the number of the segment to which a file of this name and kind belongs; 0: to none. */
uint32_t segment_number(const char *name, enum segment_file file);

/* Returns true if this is the name of a segment's file, of any kind. */
bool segment_name_is_any(const char *name);

/* Returns true if this is the name under which a segment's file is written before it is renamed. */
bool segment_name_is_temporary(const char *name);

/* ---- files ---- */

/* Opens a file, with flags of openat(2). Returns -1 with CHAT_CANNOT_OPEN and errno. */
int segment_file_open(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err);

/* Opens a file for appending, with these flags too. Returns -1 with CHAT_CANNOT_CREATE and errno.
 */
int segment_file_open_append(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err);

/* Writes all bytes, with one write(2) unless that is partial. Returns 0, or -1 with errno. */
int segment_file_write(int fd, struct chat_span bytes);

/* Appends bytes to a file, which is created if it is missing, and syncs it. Returns 0, or -1. */
int segment_file_append(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err);

/* Replaces a file whole or not at all, synced, by renaming a new one. Returns 0, or -1. */
int segment_file_replace(int dir_fd, uint32_t number, enum segment_file file,
	struct chat_span bytes, struct chat_err *err);

/* Deletes the lines, checksums and index of a segment. Returns 0, or -1. */
int segment_remove(int dir_fd, uint32_t number, struct chat_err *err);

#endif
