/* Pipes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/kernel.h"
#include "simulation/stream.h"
#include "simulation/way.h"

/* ---- pipes ---- */

static ssize_t
pipe_read(struct file *file, void *bytes, size_t size)
{
	return way_read(file->data, bytes, size);
}

static ssize_t
pipe_write(struct file *file, const void *bytes, size_t len)
{
	return way_write(file->data, bytes, len);
}

static short
pipe_read_ready(struct file *file)
{
	struct way *way = file->data;

	return (short)((way->arrived ? POLLIN : 0) | (way->end_arrived ? POLLHUP : 0));
}

static short
pipe_write_ready(struct file *file)
{
	struct way *way = file->data;

	return (short)((way->cap - way->len >= PIPE_ATOMIC ? POLLOUT : 0) |
		(way->reset ? POLLERR : 0));
}

static void
pipe_read_close(struct file *file)
{
	struct way *way = file->data;

	way->reader = NULL;
	way_break(way);
	way_unref(way);
}

static void
pipe_write_close(struct file *file)
{
	struct way *way = file->data;

	way->writer = NULL;
	if (!way->reset)
		way_end(way);
	way_unref(way);
}

static void
pipe_status(struct file *file, struct stat *status)
{
	(void)file;
	status->st_mode = S_IFIFO | 0600;
}

static const struct file_kind pipe_reader = {
	.read = pipe_read,
	.ready = pipe_read_ready,
	.close = pipe_read_close,
	.status = pipe_status,
};

static const struct file_kind pipe_writer = {
	.write = pipe_write,
	.ready = pipe_write_ready,
	.close = pipe_write_close,
	.status = pipe_status,
};

void
stream_pipe(struct file *ends[2], size_t cap)
{
	struct way *way = way_new(cap < PIPE_ATOMIC ? PIPE_ATOMIC : cap, false);

	ends[0] = way->reader = file_new(&pipe_reader, O_RDONLY, way);
	ends[1] = way->writer = file_new(&pipe_writer, O_WRONLY, way);
}

/* ---- a pipe that was opened again ---- */

/* The writing end with flags of its own. */
struct alias {
	struct file *of, *file; /* `of` is owned */
	struct watch watch;
};

static ssize_t
alias_write(struct file *file, const void *bytes, size_t len)
{
	struct alias *alias = file->data;

	return way_write(alias->of->data, bytes, len);
}

static short
alias_ready(struct file *file)
{
	struct alias *alias = file->data;

	return pipe_write_ready(alias->of);
}

static void
alias_close(struct file *file)
{
	struct alias *alias = file->data;

	file_unwatch(&alias->watch);
	file_unref(alias->of);
	free(alias);
}

static const struct file_kind alias_kind = {
	.write = alias_write,
	.ready = alias_ready,
	.close = alias_close,
	.status = pipe_status,
};

static void
alias_changed(struct watch *watch)
{
	struct alias *alias = watch->arg;

	file_changed(alias->file);
}

struct file *
stream_open_again(struct file *file, int flags)
{
	struct alias *alias;

	if (file->kind != &pipe_writer)
		return NULL;
	alias = calloc(1, sizeof(*alias));
	if (!alias)
		abort();
	alias->of = file_ref(file);
	alias->file = file_new(&alias_kind, flags & (O_ACCMODE | O_NONBLOCK), alias);
	alias->watch = (struct watch){.changed = alias_changed, .arg = alias};
	file_watch(&alias->watch, file);
	return alias->file;
}
