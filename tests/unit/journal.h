#ifndef UNIT_JOURNAL_H
#define UNIT_JOURNAL_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/disk_journal.h"
#include "serve/journal/state.h"
#include "text/line.h"

/* A journal in a temporary directory, and the files in it. */
struct scratch {
	char dir[64];
	uint64_t durable, failed; /* tickets */
};

struct opened {
	uv_loop_t loop;
	struct journal *journal; /* NULL: it could not be opened, and err says why */
	struct chat_err err;
};

/* Creates the directory, and discards what the journal reports on stderr from now on. */
static inline void
scratch_open(struct scratch *scratch)
{
	strcpy(scratch->dir, "/tmp/chat-journal.XXXXXX");
	if (!mkdtemp(scratch->dir) || !freopen("/dev/null", "w", stderr))
		abort();
}

/* Deletes all files in the directory. */
static inline void
empty(const struct scratch *scratch)
{
	DIR *dir = opendir(scratch->dir);
	struct dirent *entry;
	char path[400];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", scratch->dir, entry->d_name);
		unlink(path);
	}
	closedir(dir);
}

static inline void
scratch_close(const struct scratch *scratch)
{
	empty(scratch);
	rmdir(scratch->dir);
}

static inline const char *
path_of(const struct scratch *scratch, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", scratch->dir, name);
	return path;
}

/* Reads a file; a missing one is empty. */
static inline void
load(const struct scratch *scratch, const char *name, struct chat_buf *buf)
{
	char path[128];
	int fd = open(path_of(scratch, name, path), O_RDONLY);
	ssize_t count;

	buf->len = 0;
	while (fd >= 0 && (count = read(fd, chat_buf_reserve(buf, 65536), 65536)) > 0)
		buf->len += (size_t)count;
	if (fd >= 0)
		close(fd);
}

/* Replaces a file. */
static inline void
store(const struct scratch *scratch, const char *name, const char *at, size_t len)
{
	char path[128];
	int fd = open(path_of(scratch, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || chat_write_all(fd, at, len, NULL) < 0)
		abort();
	close(fd);
}

/* ---- opening and closing ---- */

static inline void
note_durable(void *arg, uint64_t ticket)
{
	((struct scratch *)arg)->durable = ticket;
}

static inline void
note_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	(void)err;
	((struct scratch *)arg)->failed = ticket;
}

/* Opens a journal in the directory. The caller ends it with journal_end in any case. */
static inline bool
journal_start(struct opened *opened, struct scratch *scratch, const struct journal_options *options)
{
	const struct journal_events events = {.durable = note_durable, .failed = note_failed};
	struct journal_options own = *options;

	own.dir = scratch->dir;
	uv_loop_init(&opened->loop);
	opened->journal = disk_journal_open(&own, &opened->loop, &events, scratch, &opened->err);
	return opened->journal != NULL;
}

static inline void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	uv_close(handle, NULL);
}

/* Closes the journal. Returns true when nothing is left on the loop. */
static inline bool
journal_end(struct opened *opened)
{
	if (opened->journal)
		opened->journal->kind->settle(opened->journal);
	uv_walk(&opened->loop, close_handle, NULL);
	uv_run(&opened->loop, UV_RUN_DEFAULT);
	if (opened->journal)
		opened->journal->kind->close(opened->journal, false);
	return uv_loop_close(&opened->loop) == 0;
}

/* ---- messages ---- */

/* Formats a line; more: properties that follow `senderId`. Returns its length. */
static inline size_t
make_line(char *at, size_t size, uint64_t number, const char *more)
{
	return (size_t)snprintf(at, size,
		"{\"type\":\"message\",\"id\":\"0123456789ab-%010llx\",\"sender\":\"ali\\\"ce\","
		"\"content\":\"number %llu \\\\\",\"timestamp\":%llu,\"channel\":\"/%s\","
		"\"senderId\":\"a\"%s}",
		(unsigned long long)number, (unsigned long long)number,
		1700000000000ULL + (unsigned long long)number, number % 3 ? "" : "ops", more);
}

/* Appends a message of this number: every third one to /ops, the others to /. */
static inline void
append(struct opened *opened, uint64_t number)
{
	struct journal_line line;
	char text[600];

	make_line(text, sizeof(text), number, "");
	journal_line_read(&line, chat_span_of(text));
	line.channel = number % 3 ? CHAT_SPAN("/") : CHAT_SPAN("/ops"); /* text does not stay */
	opened->journal->kind->append(opened->journal, &line, chat_span_of(text));
}

#endif
