#ifndef SERVE_JOURNAL_DIR_H
#define SERVE_JOURNAL_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/*
 * The directory of a journal. Other users may be able to create files in it. So every file is
 * opened with these functions: they follow no symbolic link, open only regular files, and require
 * that the directory and its files belong to the user of this process or to root.
 */

/* ---- opening ---- */

/*
 * Opens the directory. The path may contain symbolic links; the directory must not be writable by
 * everybody. Returns a descriptor, or -1 with CHAT_CANNOT_OPEN.
 */
int journal_dir_open(const char *path, struct chat_err *err);

/*
 * Opens a file with these flags of openat(2) and O_CLOEXEC. Returns a descriptor, or -1 with errno
 * and with an error of this code, which contains the name.
 */
int journal_dir_open_file(
	int dir_fd, const char *name, int flags, enum chat_code code, struct chat_err *err);

/*
 * Creates an empty file for writing, which the caller renames later. Deletes an existing file of
 * this name first. Returns a descriptor, or -1 with CHAT_CANNOT_CREATE.
 */
int journal_dir_create(int dir_fd, const char *name, struct chat_err *err);

/* ---- looking ---- */

/*
 * Returns 0 if the name is a regular file of this process's user or of root, or -1 with
 * CHAT_CANNOT_OPEN.
 */
int journal_dir_check_file(int dir_fd, const char *name, struct chat_err *err);

/* Returns 0 if the path still leads to the open directory, or -1 with CHAT_IO_ERROR. */
int journal_dir_is_in_place(int dir_fd, const char *path, struct chat_err *err);

/* Returns 0 if the name still leads to the open file fd, or -1 with CHAT_IO_ERROR. */
int journal_dir_file_is_in_place(int dir_fd, const char *name, int fd, struct chat_err *err);

/* Sets *bytes to the size of a regular file. If there is none, sets it to 0 and returns false. */
bool journal_dir_file_size(int dir_fd, const char *name, uint64_t *bytes);

/* ---- reading ---- */

/*
 * Reads exactly len bytes at offset `at`. name: the file's name for the error. Returns 0, or -1
 * with CHAT_IO_ERROR.
 */
int journal_dir_read_file(
	int fd, void *bytes, size_t len, uint64_t at, const char *name, struct chat_err *err);

#endif
