/*
 * --save-files. Another user has chosen the name of a file: only a safe form of it is used, in one
 * directory. An existing file is not replaced; the new file gets a number (name.1.txt).
 */
#include "listen/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/base64.h"
#include "client/backoff.h"
#include "listen/filename.h"
#include "message/encode.h"
#include "text/err.h"
#include "text/json_strdup.h"
#include "text/line.h"

#define TRIES 100 /* if another process uses the same names at the same time */
#define NUMBER_MOST (1u << 30)
#define TEMPORARY_SIZE 32

int
saver_open(struct saver *saver, const char *path, struct chat_err *err)
{
	saver->path = path;
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %s", path, strerror(errno));
	saver->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (saver->fd < 0)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %s", path, strerror(errno));
	return 0;
}

void
saver_close(struct saver *saver)
{
	close(saver->fd);
}

/*
 * Gives a file a new name, which must not exist. If the file system has no RENAME_NOREPLACE, adds a
 * hard link; the caller unlinks the old name. Returns 0, or -1 with errno.
 */
static int
rename_new(int dir, const char *from, const char *to)
{
	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL ? linkat(dir, from, dir, to, 0) : -1;
}

/* Returns true if a file with this name and number exists. */
static bool
is_taken(const struct saver *saver, const char *name, unsigned number, struct chat_buf *scratch)
{
	struct stat info;

	filename_number(scratch, name, number);
	return fstatat(saver->fd, scratch->at, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Returns a number from 1 that no file has, or 0 if none is found. name without a number must
 * exist. If the existing numbers have no holes, it is the next number. Steps that double find a
 * free number, then a binary search the first one.
 */
static unsigned
free_number(const struct saver *saver, const char *name, struct chat_buf *scratch)
{
	unsigned taken = 0, free = 1, middle;

	while (is_taken(saver, name, free, scratch)) {
		if (free >= NUMBER_MOST)
			return 0;
		taken = free;
		free *= 2;
	}
	while (free - taken > 1) {
		middle = taken + (free - taken) / 2;
		if (is_taken(saver, name, middle, scratch))
			taken = middle;
		else
			free = middle;
	}
	return free;
}

/*
 * Gives a complete file its name, with a number if that name exists. Writes the name to given.
 * Returns 0, or -1 with CHAT_CANNOT_CREATE.
 */
static int
give_name(const struct saver *saver, const char *temporary, const char *name,
	struct chat_buf *given, struct chat_err *err)
{
	unsigned number = 0;

	for (int i = 0; i < TRIES; i++) {
		filename_number(given, name, number);
		if (rename_new(saver->fd, temporary, given->at) == 0)
			return 0;
		if (errno != EEXIST)
			break;
		number = free_number(saver, name, given);
		errno = EEXIST;
		if (number == 0)
			break;
	}
	return chat_fail(err, CHAT_CANNOT_CREATE, "%s/%s: %s", saver->path, name, strerror(errno));
}

/* Creates a file with a random name. Returns its descriptor, or -1 with CHAT_CANNOT_CREATE. */
static int
open_temporary(const struct saver *saver, char temporary[TEMPORARY_SIZE], struct chat_err *err)
{
	int fd = -1;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		snprintf(temporary, TEMPORARY_SIZE, ".%016llx.part",
			(unsigned long long)chat_random_below(UINT64_MAX));
		fd = openat(saver->fd, temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		chat_fail(err, CHAT_CANNOT_CREATE, "%s: %s", saver->path, strerror(errno));
	return fd;
}

/*
 * Writes a file under a temporary name and then gives it its own name, which is written to given.
 * Returns 0, or -1 with CHAT_CANNOT_CREATE or CHAT_IO_ERROR.
 */
static int
write_file(const struct saver *saver, const char *name, struct chat_span bytes,
	struct chat_buf *given, struct chat_err *err)
{
	char temporary[TEMPORARY_SIZE];
	int fd = open_temporary(saver, temporary, err), failed;

	if (fd < 0)
		return -1;
	failed = chat_write_all(fd, bytes.at, bytes.len, NULL);
	if (close(fd) < 0 || failed < 0)
		failed = chat_fail(
			err, CHAT_IO_ERROR, "%s/%s: %s", saver->path, name, strerror(errno));
	if (failed == 0)
		failed = give_name(saver, temporary, name, given, err);
	unlinkat(saver->fd, temporary, 0);
	return failed;
}

/*
 * Returns the bytes of a file, which the caller frees, or NULL with CHAT_BAD_MESSAGE if their
 * number is not the `size` of the file.
 */
static char *
decode(const struct chat_msg *msg, size_t *size, struct chat_err *err)
{
	const struct chat_json_value *data = &msg->value[CHAT_SLOT_FILE_DATA];
	char *text = chat_json_strdup(data), *bytes;
	size_t len = strlen(text);
	int64_t announced;

	*size = chat_base64_decoded_size(text, len);
	if (!chat_json_int64(msg->value[CHAT_SLOT_FILE_SIZE].raw, &announced) ||
		(uint64_t)announced != *size) {
		free(text);
		chat_fail(err, CHAT_BAD_MESSAGE, "a file whose size is not that of its data");
		return NULL;
	}
	bytes = chat_alloc(*size + 1);
	chat_base64_decode(bytes, text, len);
	free(text);
	return bytes;
}

/* Appends the object `file`, with `path` in place of `data`. */
static void
write_object(struct chat_buf *out, struct chat_span object, const char *path)
{
	char *string = chat_encode_string(chat_span_of(path));
	struct chat_json_value key, value;
	struct chat_json json;
	bool first, begun = false;

	chat_json_begin(&json, object);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0) {
		if (chat_json_string_is(&key, CHAT_SPAN("path")))
			continue; /* a path from the sender is not passed on */
		chat_buf_append_string(out, begun ? "," : "{");
		begun = true;
		if (chat_json_string_is(&key, CHAT_SPAN("data"))) {
			chat_buf_printf(out, "\"path\":%s", string);
			continue;
		}
		chat_buf_append_span(out, key.raw);
		chat_buf_append_string(out, ":");
		chat_buf_append_span(out, value.raw);
	}
	chat_buf_append_string(out, "}");
	free(string);
}

/* Replaces the content of out with the line of a message after its file was saved. */
static void
write_line(struct chat_buf *out, const struct chat_msg *msg, struct chat_span line,
	const struct saver *saver, const char *given)
{
	struct chat_span object = msg->value[CHAT_SLOT_FILE].raw;
	const char *after = object.at + object.len;
	struct chat_buf path = {0};

	chat_buf_printf(&path, "%s/%s", saver->path, given);
	chat_buf_append(&path, "", 1);
	out->len = 0;
	chat_buf_append(out, line.at, (size_t)(object.at - line.at));
	write_object(out, object, path.at);
	chat_buf_append(out, after, (size_t)(line.at + line.len - after));
	chat_buf_free(&path);
}

int
saver_save(const struct saver *saver, const struct chat_msg *msg, struct chat_span line,
	struct chat_buf *out, struct chat_err *err)
{
	struct chat_buf safe = {0}, given = {0};
	char *name, *bytes;
	size_t size;
	int failed;

	if (msg->type != CHAT_TYPE_MESSAGE || !chat_msg_has(msg, CHAT_SLOT_FILE) ||
		!chat_msg_has(msg, CHAT_SLOT_FILE_DATA) ||
		!chat_msg_has(msg, CHAT_SLOT_FILE_SIZE) || !chat_msg_has(msg, CHAT_SLOT_FILE_NAME))
		return 0;
	bytes = decode(msg, &size, err);
	if (!bytes)
		return -1;
	name = chat_json_strdup(&msg->value[CHAT_SLOT_FILE_NAME]);
	filename_make(&safe, name);
	failed = write_file(saver, safe.at, (struct chat_span){bytes, size}, &given, err);
	if (failed == 0)
		write_line(out, msg, line, saver, given.at);
	free(name);
	free(bytes);
	chat_buf_free(&safe);
	chat_buf_free(&given);
	return failed < 0 ? -1 : 1;
}
