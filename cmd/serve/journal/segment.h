#ifndef SERVE_JOURNAL_SEGMENT_H
#define SERVE_JOURNAL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index_file.h"

/*
 * One segment of a journal: a file of lines, which is what the journal is, a file with a checksum
 * for each line, and, once it is closed, an index (chat-journal(5)).
 */
enum segment_file {
	SEGMENT_LINES,
	SEGMENT_SUMS,
	SEGMENT_INDEX,
	SEGMENT_TORN, /* what was cut off its end */
	SEGMENT_DAMAGED /* what --repair took out */
};

#define SEGMENT_NAME_MAX 32

/* Its file's name; returns name. */
const char *segment_name(char name[SEGMENT_NAME_MAX], uint32_t number, enum segment_file file);

/* The number in the name of such a file; 0: it is none. */
uint32_t segment_number(const char *name, enum segment_file file);

/* Whether it is the name of any file of a segment. */
bool segment_name_is_any(const char *name);

/* Whether a file of this name was being written, and was to be renamed. */
bool segment_name_is_temporary(const char *name);

#define SEGMENT_NUMBER_MAX (UINT32_MAX - 1)

/* One of its files, opened; flags of openat(2). -1 with CHAT_CANNOT_OPEN, and errno. */
int segment_file_open(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err);

/* A segment that grows. */
struct segment {
	struct segment *next; /* of those waiting to be finished */
	uint32_t number;
	int lines_fd, sums_fd; /* append */
	uint64_t lines_bytes, sums_bytes; /* what is in the files and belongs there */
	struct journal_index index;
	bool indexed; /* its index file is written */
};

/* How long its files are, and the index that it will get. */
uint64_t segment_bytes(const struct segment *segment);

#define CHECKSUM_LEN 18

/* The checksum of one line: of its bytes and newline, and where it ends. */
void checksum_write(char sum[CHECKSUM_LEN], uint32_t crc, uint64_t end);
bool checksum_read(const char sum[CHECKSUM_LEN], uint32_t *crc, uint64_t *end);

/* The first line of a segment, with its newline. */
void segment_header_write(struct chat_buf *buf, uint32_t number, uint64_t epoch);

/* line: without newline. -1: another format or none of ours. */
int segment_header_read(struct chat_span line, uint64_t *epoch, struct chat_err *err);

/* A new one with its header. What its files may hold, if they exist, is gone. */
struct segment *segment_create(int dir_fd, uint32_t number, uint64_t epoch, struct chat_err *err);

/* Opens both files of one whose content was checked; its index is moved into it. */
struct segment *segment_reopen(int dir_fd, uint32_t number, uint64_t lines_bytes,
	uint64_t sums_bytes, struct journal_index *index, struct chat_err *err);

/*
 * Appends to both files. -1 with errno: less was written, or nothing; what was is to be cut
 * (segment_cut) before anything else is.
 */
int segment_write(struct segment *segment, struct chat_span lines, struct chat_span sums,
	struct chat_err *err);

/* Makes the files as long as the segment says they are. */
int segment_truncate(struct segment *segment, struct chat_err *err);

/* fdatasync(2) of the lines, of the sums. */
int segment_sync_lines(struct segment *segment, struct chat_err *err);
int segment_sync_sums(struct segment *segment, struct chat_err *err);

/* Whether its lines are as long as it says. */
bool segment_size_matches(const struct segment *segment);

/* -1: its files are not those of these names any more, or somebody else has changed them. */
int segment_is_in_place(
	const struct segment *segment, int dir_fd, bool changed, struct chat_err *err);

/* Writes the index file of a segment that is full. */
int segment_write_index(struct segment *segment, int dir_fd, struct chat_err *err);

void segment_free(struct segment *segment);

/* Removes a segment's files. */
int segment_remove(int dir_fd, uint32_t number, struct chat_err *err);

/* Writes bytes at the end of a file, which is made, and syncs it. */
int segment_file_append(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err);

/* A file's new content under its name: whole or not at all, and synced. */
int segment_file_replace(int dir_fd, uint32_t number, enum segment_file file,
	struct chat_span bytes, struct chat_err *err);

#endif
