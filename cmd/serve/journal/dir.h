#ifndef SERVE_JOURNAL_DIR_H
#define SERVE_JOURNAL_DIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "chat/err.h"

/*
 * The door to a journal's directory. What lies there may have been put there by anybody, so every
 * file is opened here: no symbolic link is followed, nothing that is not a regular file is opened
 * or waited for, and directory and files belong to the user of this process or to root.
 */

/*
 * A descriptor of the directory. It may be reached by a symbolic link, it may not be writable for
 * everybody. -1 with CHAT_CANNOT_OPEN.
 */
int journal_dir_open(const char *path, struct chat_err *err);

/* openat(2) of a file in it, O_CLOEXEC. -1 with that code, the name in the text, and errno. */
int journal_dir_open_file(
	int dir_fd, const char *name, int flags, enum chat_code code, struct chat_err *err);

/*
 * An empty file of that name to be written and renamed, whatever lay there. -1 with
 * CHAT_CANNOT_CREATE.
 */
int journal_dir_create(int dir_fd, const char *name, struct chat_err *err);

/* Whether it could be opened. -1 with CHAT_CANNOT_OPEN. */
int journal_dir_check_file(int dir_fd, const char *name, struct chat_err *err);

/*
 * Whether the path still leads to this directory, and whether the name in it is still this file. -1
 * with CHAT_IO_ERROR and a sentence.
 */
int journal_dir_is_in_place(int dir_fd, const char *path, struct chat_err *err);
int journal_dir_file_is_in_place(int dir_fd, const char *name, int fd, struct chat_err *err);

/* The size of a regular file, or 0; false: there is none. */
bool journal_dir_file_size(int dir_fd, const char *name, uint64_t *bytes);

/* pread(2) all of it; what names the file in the text. -1 with CHAT_IO_ERROR. */
int journal_dir_read_file(
	int fd, void *bytes, size_t len, uint64_t at, const char *what, struct chat_err *err);

#endif
