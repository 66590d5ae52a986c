/* Open files, and waiting for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "simulation/kernel.h"

struct file *
file_new(const struct file_kind *kind, int flags, void *data)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		abort();
	*file = (struct file){.kind = kind, .refs = 1, .flags = flags, .data = data};
	return file;
}

struct file *
file_ref(struct file *file)
{
	file->refs++;
	return file;
}

void
file_unref(struct file *file)
{
	if (--file->refs)
		return;
	while (file->watches)
		file_unwatch(file->watches);
	if (file->kind->close)
		file->kind->close(file);
	free(file);
}

/* ---- watching ---- */

void
file_watch(struct watch *watch, struct file *file)
{
	watch->file = file;
	watch->next = file->watches;
	file->watches = watch;
}

void
file_unwatch(struct watch *watch)
{
	struct watch **at;

	if (!watch->file)
		return;
	for (at = &watch->file->watches; *at != watch; at = &(*at)->next)
		;
	*at = watch->next;
	watch->file = NULL;
}

void
file_changed(struct file *file)
{
	for (struct watch *watch = file->watches; watch; watch = watch->next)
		watch->changed(watch);
}

/* ---- poll ---- */

static void
wake_poller(struct watch *watch)
{
	task_wake(watch->arg);
}

static int
count_ready(struct pollfd *fds, size_t count)
{
	int ready = 0;

	for (size_t i = 0; i < count; i++) {
		struct file *file = fds[i].fd < 0 ? NULL : process_file(fds[i].fd);

		fds[i].revents = 0;
		if (fds[i].fd >= 0 && !file)
			fds[i].revents = POLLNVAL;
		else if (file)
			fds[i].revents = (short)(file->kind->ready(file) &
				(fds[i].events | POLLERR | POLLHUP));
		ready += fds[i].revents != 0;
	}
	return ready;
}

int
file_poll(struct pollfd *fds, size_t count, int64_t until_ns)
{
	struct watch *watches;
	int ready;

	task_call();
	ready = count_ready(fds, count);
	if (ready || until_ns <= world_now_ns())
		return ready;
	watches = calloc(count ? count : 1, sizeof(*watches));
	for (size_t i = 0; i < count; i++) {
		watches[i] = (struct watch){.changed = wake_poller, .arg = task_self()};
		if (fds[i].fd >= 0)
			file_watch(&watches[i], process_file(fds[i].fd));
	}
	while (!(ready = count_ready(fds, count)) && world_now_ns() < until_ns)
		task_wait(until_ns);
	for (size_t i = 0; i < count; i++)
		file_unwatch(&watches[i]);
	free(watches);
	return ready;
}
