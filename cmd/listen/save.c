/*
 * --save-files. The name comes from a stranger: what is left of it is a plain name in the one
 * directory, and a file that is there already gets company (name.1.txt), not replaced.
 */
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "encode.h"
#include "line.h"
#include "utf8.h"

#define NAME_MAX_BYTES 200 /* room for a number within the 255 of file systems */
#define TRIES 10000

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

/* The length that a name is cut to, between two code points. */
static size_t
cut(const char *name, size_t len)
{
	if (len <= NAME_MAX_BYTES)
		return len;
	len = NAME_MAX_BYTES;
	while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* What may be a name in a directory: the part after the last slash of either kind, no dot in front,
 * nothing that a terminal would obey. */
static void
safe_name(struct chat_buf *safe, const char *name)
{
	const char *at = name, *slash;
	uint32_t point;
	size_t left, len;

	while ((slash = strpbrk(at, "/\\")))
		at = slash + 1;
	while (*at == '.')
		at++;
	for (left = cut(at, strlen(at)); left > 0; left -= len, at += len) {
		point = chat_utf8_decode(at, &len);
		if (chat_utf8_is_control(point))
			chat_buf_append(safe, "_", 1);
		else
			chat_buf_append(safe, at, len);
	}
	if (safe->len == 0)
		chat_buf_append_string(safe, "file");
	chat_buf_append(safe, "", 1);
}

/* "a.tar.gz" for the third time: "a.2.tar.gz". */
static void
numbered_name(struct chat_buf *out, const char *name, unsigned number)
{
	const char *dot = strchr(name, '.');
	size_t stem = dot ? (size_t)(dot - name) : strlen(name);

	out->len = 0;
	chat_buf_append(out, name, stem);
	if (number > 0)
		chat_buf_printf(out, ".%u", number);
	chat_buf_append_string(out, name + stem);
	chat_buf_append(out, "", 1);
}

/* Renames and replaces nothing; a file system that cannot do that may have hard links. */
static int
rename_new(int dir, const char *from, const char *to)
{
	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL ? linkat(dir, from, dir, to, 0) : -1;
}

/* The finished file gets its name, or the next one that is free. */
static int
give_name(const struct saver *saver, const char *temporary, const char *name,
	struct chat_buf *given, struct chat_err *err)
{
	for (unsigned number = 0; number < TRIES; number++) {
		numbered_name(given, name, number);
		if (rename_new(saver->fd, temporary, given->at) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return chat_fail(
		err, CHAT_CANNOT_CREATE, "%s/%s: %s", saver->path, given->at, strerror(errno));
}

static int
write_file(const struct saver *saver, const char *name, struct chat_span bytes,
	struct chat_buf *given, struct chat_err *err)
{
	char temporary[32];
	int fd, failed;

	snprintf(temporary, sizeof(temporary), ".%ld.part", (long)getpid());
	unlinkat(saver->fd, temporary, 0); /* of a process that had our number and was killed */
	fd = openat(
		saver->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %s", saver->path, strerror(errno));
	failed = chat_write_all(fd, bytes.at, bytes.len, NULL);
	if (close(fd) < 0 || failed < 0)
		failed = chat_fail(
			err, CHAT_IO_ERROR, "%s/%s: %s", saver->path, name, strerror(errno));
	if (failed == 0)
		failed = give_name(saver, temporary, name, given, err);
	unlinkat(saver->fd, temporary, 0);
	return failed;
}

/* The file's bytes, if they are as many as were announced. The caller frees. */
static char *
decode(const struct chat_msg *msg, size_t *size, struct chat_err *err)
{
	const struct chat_json_value *data = &msg->value[CHAT_SLOT_FILE_DATA];
	char *text = chat_msg_string(data), *bytes;
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

/* The file's object with `path` for `data`, the other members as they are. */
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
			continue; /* not the sender's to say */
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
	name = chat_msg_string(&msg->value[CHAT_SLOT_FILE_NAME]);
	safe_name(&safe, name);
	failed = write_file(saver, safe.at, (struct chat_span){bytes, size}, &given, err);
	if (failed == 0)
		write_line(out, msg, line, saver, given.at);
	free(name);
	free(bytes);
	chat_buf_free(&safe);
	chat_buf_free(&given);
	return failed < 0 ? -1 : 1;
}
