/*
 * --file: a file becomes a message. libmagic finds its media type; the database of libmagic (8 MB)
 * is opened only if no type was given.
 */
#include "send/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/encode.h"
#include "text/err.h"
#include "text/utf8.h"

#define READ_BYTES (256u << 10) /* of a read(2) */
#define UPLOAD_MAX_BYTES (64u << 20) /* of a file: more than any message holds */
#define UNKNOWN_MIME "application/octet-stream"

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
name_check(const char *name, struct chat_err *err)
{
	size_t len = strlen(name);

	if (len > 0 && chat_utf8_check(name, len) == len)
		return 0;
	return chat_fail(
		err, CHAT_USAGE, "the file's name is empty or not UTF-8: give one with --name");
}

int
upload_open(struct upload *upload, const char *path, const char *name, const char *mime,
	struct chat_err *err)
{
	struct stat info;

	*upload = (struct upload){.fd = -1, .path = path, .mime = mime};
	upload->name = name ? name : base_name(path);
	if (name_check(upload->name, err) < 0)
		return -1;
	if (strcmp(path, "-") == 0) {
		upload->fd = STDIN_FILENO;
		return 0;
	}
	upload->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (upload->fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, strerror(errno));
	if (fstat(upload->fd, &info) == 0 && S_ISDIR(info.st_mode)) {
		upload_close(upload);
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, strerror(EISDIR));
	}
	return 0;
}

void
upload_close(struct upload *upload)
{
	if (upload->fd > STDIN_FILENO)
		close(upload->fd);
	upload->fd = -1;
	chat_buf_free(&upload->bytes);
}

int
upload_fill(struct upload *upload, struct chat_err *err)
{
	char *at = chat_buf_reserve(&upload->bytes, READ_BYTES);
	ssize_t got;

	do
		got = read(upload->fd, at, READ_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (got < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", upload->path, strerror(errno));
	upload->ended = got == 0;
	upload->bytes.len += (size_t)got;
	if (upload->bytes.len > UPLOAD_MAX_BYTES)
		return chat_fail(err, CHAT_CANNOT_OPEN,
			"%s: larger than any message: over %u bytes", upload->path,
			UPLOAD_MAX_BYTES);
	return 0;
}

/*
 * Returns the media type that libmagic finds, or UNKNOWN_MIME if it fails, as on a machine without
 * its database. The caller frees.
 */
static char *
find_mime(const struct chat_buf *bytes)
{
	magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR);
	const char *found = NULL;
	char *mime;

	if (magic && magic_load(magic, NULL) == 0)
		found = magic_buffer(magic, bytes->at, bytes->len);
	mime = chat_strdup(found && strchr(found, '/') ? found : UNKNOWN_MIME);
	if (magic)
		magic_close(magic);
	return mime;
}

int
upload_draft(struct upload *upload, struct draft *draft, struct chat_err *err)
{
	char *mime, *line;
	int made;

	*draft = (struct draft){0};
	if (upload->bytes.len == 0) {
		chat_fail(err, CHAT_BAD_MESSAGE, "%s: an empty file cannot be sent", upload->name);
		if (err)
			strcpy(err->field, "/file/size");
		return -1;
	}
	mime = upload->mime ? chat_strdup(upload->mime) : find_mime(&upload->bytes);
	line = chat_encode_file(&(struct chat_encode_file){
		.name = upload->name,
		.type = mime,
		.bytes = upload->bytes.at,
		.size = upload->bytes.len,
	});
	free(mime);
	chat_buf_free(&upload->bytes);
	made = chat_draft_read(draft, chat_span_of(line), err);
	free(line);
	return made;
}
