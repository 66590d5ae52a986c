/* epoll(7), level-triggered. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

struct entry {
	struct entry *next;
	struct watch watch; /* its file is NULL when that was closed */
	struct epoll_event event;
	int fd;
};

struct set {
	struct file *file;
	struct entry *entries;
	struct task *waiting; /* the thread in epoll_wait, while it waits */
};

/* The events of an entry that are there; 0: none. */
static uint32_t
ready_of(const struct entry *entry)
{
	struct file *file = entry->watch.file;

	if (!file)
		return 0;
	return (uint32_t)file->kind->ready(file) & (entry->event.events | EPOLLERR | EPOLLHUP);
}

static short
set_ready(struct file *file)
{
	const struct set *set = file->data;

	for (const struct entry *entry = set->entries; entry; entry = entry->next)
		if (ready_of(entry))
			return POLLIN;
	return 0;
}

static void
set_close(struct file *file)
{
	struct set *set = file->data;

	while (set->entries) {
		struct entry *entry = set->entries;

		set->entries = entry->next;
		file_unwatch(&entry->watch);
		free(entry);
	}
	free(set);
}

static const struct file_kind set_kind = {
	.ready = set_ready,
	.close = set_close,
};

static void
on_change(struct watch *watch)
{
	struct set *set = watch->arg;

	if (set->waiting)
		task_wake(set->waiting);
	file_changed(set->file);
}

int
sim_epoll_create1(int flags)
{
	struct set *set = calloc(1, sizeof(*set));

	(void)flags;
	if (!set)
		abort();
	set->file = file_new(&set_kind, 0, set);
	return process_fd(set->file);
}

/* Drops the entries of files that were closed. */
static void
drop_closed(struct set *set)
{
	struct entry **at = &set->entries;

	while (*at) {
		struct entry *entry = *at;

		if (entry->watch.file) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		free(entry);
	}
}

static struct entry *
find(struct set *set, int fd)
{
	struct entry *entry;

	drop_closed(set);
	for (entry = set->entries; entry && entry->fd != fd; entry = entry->next)
		;
	return entry;
}

static int
add(struct set *set, struct file *file, int fd, const struct epoll_event *event)
{
	struct entry *entry = calloc(1, sizeof(*entry)), **end = &set->entries;

	if (!entry)
		abort();
	*entry = (struct entry){.event = *event, .fd = fd};
	entry->watch = (struct watch){.changed = on_change, .arg = set};
	file_watch(&entry->watch, file);
	while (*end)
		end = &(*end)->next;
	*end = entry;
	file_changed(set->file);
	return 0;
}

int
sim_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	struct file *epoll = process_file(epoll_fd), *file = process_file(fd);
	struct set *set = epoll ? epoll->data : NULL;
	struct entry *entry;

	if (!set || !file)
		return -1;
	entry = find(set, fd);
	if (operation == EPOLL_CTL_ADD && !entry)
		return add(set, file, fd, event);
	if (!entry) {
		errno = ENOENT;
		return -1;
	}
	if (operation == EPOLL_CTL_DEL)
		file_unwatch(&entry->watch);
	else
		entry->event = *event;
	file_changed(set->file);
	return 0;
}

static int
find_ready(const struct set *set, struct epoll_event *events, int max)
{
	int count = 0;

	for (struct entry *entry = set->entries; entry && count < max; entry = entry->next) {
		uint32_t ready = ready_of(entry);

		if (ready)
			events[count++] = (struct epoll_event){ready, entry->event.data};
	}
	return count;
}

int
sim_epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout_ms)
{
	struct file *epoll = process_file(epoll_fd);
	struct set *set = epoll ? epoll->data : NULL;
	int64_t until_ns = timeout_ms < 0
		? NEVER
		: process_world_ns(process_now_ns() + timeout_ms * MILLISECOND);
	int count;

	if (!set)
		return -1;
	task_call();
	while (!(count = find_ready(set, events, max)) && world_now_ns() < until_ns) {
		set->waiting = task_self();
		task_wait(until_ns);
		set->waiting = NULL;
	}
	return count;
}
