#ifndef SERVE_JOURNAL_DIR_H
#define SERVE_JOURNAL_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/*
 * The directory of a journal. Anybody may have put something there, so every file is opened by
 * these functions: they follow no symbolic link, open only regular files, and want the directory
 * and its files to belong to the user of this process or to root.
 */

/* ---- opening ---- */

/*
 * Opens the directory. The path may lead through symbolic links; the directory must not be writable
 * by everybody. Returns a descriptor, or -1 with CHAT_CANNOT_OPEN.
 */
int journal_dir_open(const char *path, struct chat_err *err);

/*
 * Opens a file with these flags of openat(2) and O_CLOEXEC. Returns a descriptor; -1 with `code`,
 * the name in the text, and errno.
 */
int journal_dir_open_file(
	int dir_fd, const char *name, int flags, enum chat_code code, struct chat_err *err);

/*
 * Creates an empty file for writing, which the caller renames later; deletes what has that name.
 * Returns a descriptor, or -1 with CHAT_CANNOT_CREATE.
 */
int journal_dir_create(int dir_fd, const char *name, struct chat_err *err);

/* ---- looking ---- */

/* Returns 0 if the file could be opened, or -1 with CHAT_CANNOT_OPEN. */
int journal_dir_check_file(int dir_fd, const char *name, struct chat_err *err);

/* Returns 0 if the path still leads to this directory, or -1 with CHAT_IO_ERROR. */
int journal_dir_is_in_place(int dir_fd, const char *path, struct chat_err *err);

/* Returns 0 if the name still leads to the file that is open as fd, or -1 with CHAT_IO_ERROR. */
int journal_dir_file_is_in_place(int dir_fd, const char *name, int fd, struct chat_err *err);

/* Sets *bytes to the size of a regular file. Returns false, with *bytes 0, if there is none. */
bool journal_dir_file_size(int dir_fd, const char *name, uint64_t *bytes);

/* ---- reading ---- */

/*
 * Reads exactly len bytes at that offset. name: of the file, for the error. Returns 0, or -1 with
 * CHAT_IO_ERROR.
 */
int journal_dir_read_file(
	int fd, void *bytes, size_t len, uint64_t at, const char *name, struct chat_err *err);

#endif
