/*
 * --cursor-file: the next listener continues after the last message that was written, or a little
 * earlier if this one is killed.
 */
#include "listen/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "client/position.h"
#include "message/encode.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/json_strdup.h"
#include "text/line.h"
#include "text/utf8.h"
#include "wire/url.h"

#define TRIES 100 /* for a file name that does not exist */
#define LINE_MAX_BYTES (POSITION_ID_MAX_BYTES + CHAT_URL_MAX + 64)

static struct cursor_entry *
find(const struct cursor *cursor, const char *url)
{
	for (size_t i = 0; i < cursor->count; i++)
		if (strcmp(cursor->entries[i].url, url) == 0)
			return &cursor->entries[i];
	return NULL;
}

static void
set_one(struct cursor *cursor, const char *url, const char *since)
{
	struct cursor_entry *entry = find(cursor, url);

	if (entry && strcmp(entry->since, since) == 0)
		return;
	if (entry) {
		free(entry->since);
	} else {
		cursor->entries = chat_realloc(
			cursor->entries, (cursor->count + 1) * sizeof(*cursor->entries));
		entry = &cursor->entries[cursor->count++];
		entry->url = chat_strdup(url);
	}
	entry->since = chat_strdup(since);
	cursor->changed = true;
}

void
cursor_set(struct cursor *cursor, const struct chat_url_list *urls, const char *since)
{
	for (size_t i = 0; i < urls->count; i++)
		set_one(cursor, urls->at[i].text, since);
}

/* Makes the entry for a URL, if there is one, the last entry. */
static void
move_to_end(struct cursor *cursor, const char *url)
{
	struct cursor_entry *entry = find(cursor, url), moved;
	size_t after;

	if (!entry)
		return;
	after = cursor->count - (size_t)(entry - cursor->entries) - 1;
	moved = *entry;
	memmove(entry, entry + 1, after * sizeof(*entry));
	cursor->entries[cursor->count - 1] = moved;
	cursor->changed |= after > 0;
}

/* Fills in `since` of the other URLs of a list as well: what they had is out of date. */
const char *
cursor_begin(struct cursor *cursor, const struct chat_url_list *urls)
{
	const char *since = NULL;

	for (size_t i = cursor->count; i > 0 && !since; i--)
		if (chat_url_list_has(urls, cursor->entries[i - 1].url))
			since = cursor->entries[i - 1].since;
	if (since)
		cursor_set(cursor, urls, since);
	for (size_t i = 0; i < urls->count; i++)
		move_to_end(cursor, urls->at[i].text);
	return since;
}

/*
 * Reads one line of the file, with `url` and `since`; ignores other members. Returns 0, or -1 if it
 * is not such a line.
 */
static int
read_entry(struct cursor *cursor, struct chat_span line)
{
	struct chat_json_value key, value, url = {0}, since = {0};
	char *url_string, *since_string;
	struct chat_json json;
	bool first;
	int more;

	if (chat_utf8_check(line.at, line.len) != line.len)
		return -1;
	chat_json_begin(&json, line);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return -1;
	while ((more = chat_json_member(&json, &first, &key, NULL)) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			return -1;
		if (chat_json_string_is(&key, CHAT_SPAN("url")))
			url = value;
		else if (chat_json_string_is(&key, CHAT_SPAN("since")))
			since = value;
	}
	if (more < 0 || url.raw.len == 0 || url.kind != CHAT_JSON_STRING || since.raw.len == 0 ||
		since.kind != CHAT_JSON_STRING)
		return -1;
	url_string = chat_json_strdup(&url);
	since_string = chat_json_strdup(&since);
	set_one(cursor, url_string, since_string);
	free(url_string);
	free(since_string);
	return 0;
}

static int
read_entries(struct cursor *cursor, int fd, struct chat_err *err)
{
	struct chat_lines lines;
	struct chat_span line;
	enum chat_line what;
	int got;

	chat_lines_init(&lines, fd, LINE_MAX_BYTES);
	while ((got = chat_lines_next(&lines, &line, &what, err)) == 0 && what != CHAT_LINE_END)
		if (what == CHAT_LINE_TOO_LONG || read_entry(cursor, line) < 0) {
			got = chat_fail(err, CHAT_CANNOT_OPEN, "not a cursor file");
			break;
		}
	chat_lines_free(&lines);
	return got;
}

int
cursor_open(struct cursor *cursor, const char *path, struct chat_err *err)
{
	struct chat_err why;
	int fd = open(path, O_RDONLY | O_CLOEXEC), got;

	*cursor = (struct cursor){.path = path};
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, strerror(errno));
	got = read_entries(cursor, fd, &why);
	close(fd);
	cursor->changed = false;
	if (got < 0)
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, why.text);
	return got;
}

void
cursor_close(struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->count; i++) {
		free(cursor->entries[i].url);
		free(cursor->entries[i].since);
	}
	free(cursor->entries);
	*cursor = (struct cursor){0};
}

static void
write_entries(const struct cursor *cursor, struct chat_buf *out)
{
	char *url, *since;

	for (size_t i = 0; i < cursor->count; i++) {
		url = chat_encode_string(chat_span_of(cursor->entries[i].url));
		since = chat_encode_string(chat_span_of(cursor->entries[i].since));
		chat_buf_printf(out, "{\"url\":%s,\"since\":%s}\n", url, since);
		free(url);
		free(since);
	}
}

/*
 * Creates a file with a random name in the directory of the cursor file, so that nobody can create
 * it first. Writes the NUL-terminated path to *path. Returns the descriptor, or -1 with errno.
 */
static int
open_new(const struct cursor *cursor, struct chat_buf *path)
{
	uint64_t chance = 0;
	int fd, tries = TRIES;

	do {
		path->len = 0;
		if (getrandom(&chance, sizeof(chance), 0) < 0)
			return -1;
		chat_buf_printf(path, "%s.%016" PRIx64 ".new", cursor->path, chance);
		chat_buf_append(path, "", 1);
		fd = open(path->at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EEXIST && --tries > 0);
	return fd;
}

/* Writes the bytes and closes fd. Returns 0, or -1 with errno. */
static int
write_new(int fd, struct chat_span bytes)
{
	int failed = chat_write_all(fd, bytes.at, bytes.len, NULL), error = errno;

	if (close(fd) < 0)
		return -1;
	errno = error;
	return failed;
}

/* Replaces the cursor file with a new file of these bytes. Returns 0, or -1 with errno. */
static int
replace(const struct cursor *cursor, struct chat_span bytes)
{
	struct chat_buf path = {0};
	int fd = open_new(cursor, &path), failed = -1, error;

	if (fd >= 0)
		failed = write_new(fd, bytes);
	if (fd >= 0 && failed == 0)
		failed = rename(path.at, cursor->path);
	error = errno;
	if (fd >= 0 && failed)
		unlink(path.at);
	chat_buf_free(&path);
	errno = error;
	return failed;
}

int
cursor_save(struct cursor *cursor, struct chat_err *err)
{
	struct chat_buf out = {0};
	int failed;

	write_entries(cursor, &out);
	failed = replace(cursor, chat_buf_span(&out));
	if (failed)
		chat_fail(err, CHAT_CANNOT_CREATE, "%s: %m", cursor->path);
	else
		cursor->changed = false;
	chat_buf_free(&out);
	return failed;
}
