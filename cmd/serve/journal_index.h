#ifndef SERVE_JOURNAL_INDEX_H
#define SERVE_JOURNAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hash.h"
#include "serve/journal_line.h"
#include "url.h"

/*
 * Where the messages of each channel lie in a segment. In memory while the segment grows, then a
 * file beside it (chat-journal(5)), of which a reader needs the head and a few places. Nothing
 * depends on the file: it is made again from the segment where it is missing or damaged.
 */
struct place {
	uint32_t number; /* of the message, less the segment's base */
	uint32_t at, len; /* of the line, without newline */
	uint32_t crc; /* of the line and its newline */
};

struct channel_places {
	UT_hash_handle hh;
	struct place *at; /* ascending */
	uint32_t count, cap;
	uint32_t len;
	char channel[CHAT_CHANNEL_MAX + 1];
};

/* Every start of a server begins an epoch; numbers go on from one to the next. */
struct epoch {
	uint64_t epoch;
	uint64_t last; /* number of its last message */
};

struct epochs {
	struct epoch *at; /* ascending */
	uint32_t count, cap;
};

void epochs_free(struct epochs *epochs);

/* A message of this id is the newest so far. */
void epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number);

/*
 * The number of the newest message that is not newer than this id. known: it may be the very one;
 * otherwise messages after it have been lost.
 */
uint64_t epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known);

struct journal_index {
	uint64_t base; /* below every number in it */
	uint64_t last; /* number; base while there is none */
	int64_t timestamp_ms; /* the latest */
	uint32_t count;
	struct channel_places *channels;
	struct epochs epochs;
};

void index_free(struct journal_index *index);
void index_add(struct journal_index *index, const struct journal_line *line, struct place place);

/* Takes back the lines that begin at this offset or behind it. */
void index_cut(struct journal_index *index, uint64_t at);

/* NULL: none of this channel. */
const struct channel_places *index_find(
	const struct journal_index *index, struct chat_span channel);

/* ---- as a file ---- */

struct index_channel {
	char name[72]; /* NUL-terminated */
	uint32_t first, count; /* of its places */
};

struct index_head {
	char magic[8];
	uint64_t base, last;
	int64_t timestamp_ms;
	uint64_t lines_bytes; /* of the segment's file */
	uint32_t epochs, channels, places;
	uint32_t places_crc;
	uint32_t head_crc; /* of all before the places, this as 0 */
	uint32_t unused;
};

/* An index file, opened for reading: head, epochs and channels are in memory. */
struct index_file {
	int fd;
	struct index_head head;
	struct epoch *epochs;
	struct index_channel *channels; /* by name */
};

/* Writes it whole under a temporary name, then renames. */
int index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err);

/* -1: missing, damaged, or of another size of segment than its file now has. */
int index_file_open(struct index_file *file, int dir_fd, const char *name, struct chat_err *err);
void index_file_close(struct index_file *file);

const struct index_channel *index_file_find(
	const struct index_file *file, struct chat_span channel);

int index_file_read(const struct index_file *file, uint32_t first, uint32_t count,
	struct place *places, struct chat_err *err);

/* Whether all places are as they were written. */
bool index_file_is_whole(const struct index_file *file);

/* Whether index_file_write would write just that. */
bool index_file_is_of(const struct index_file *file, const struct journal_index *index);

#endif
