/*
 * A disk in memory. What programs see is one thing, what survives a loss of power another: a page
 * is safe after a sync that succeeded, a name after a sync of its directory. A directory itself is
 * safe at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "simulation/disk.h"
#include "simulation/disk_private.h"
#include "simulation/kernel.h"

#define SYNC_NS (2 * MILLISECOND) /* of a sync that is not slow, at most */

/* ---- open files ---- */

static ssize_t
read_file(struct file *file, void *bytes, size_t size)
{
	ssize_t count = disk_read_at(file, bytes, size, file->offset);

	if (count > 0)
		file->offset += count;
	return count;
}

static ssize_t
write_file(struct file *file, const void *bytes, size_t len)
{
	struct node *node = file->data;
	ssize_t count;

	if (file->flags & O_APPEND)
		file->offset = (int64_t)node->size;
	count = disk_write_at(file, bytes, len, file->offset);
	if (count > 0)
		file->offset += count;
	return count;
}

static short
file_ready(struct file *file)
{
	(void)file;
	return POLLIN | POLLOUT;
}

static void
close_file(struct file *file)
{
	struct node *node = file->data;

	if (node->locked_by == file)
		node->locked_by = NULL;
	node_unref(node);
}

static void
fill_status(const struct node *node, struct stat *status)
{
	status->st_mode = node->dir ? S_IFDIR | 0755
		: node->is_socket   ? S_IFSOCK | 0755
				    : S_IFREG | 0644;
	status->st_size = (off_t)node->size;
	status->st_ino = node->number;
	status->st_nlink = node->links;
	status->st_mtim.tv_sec = node->changed_ns / SECOND;
}

static void
status_of_file(struct file *file, struct stat *status)
{
	fill_status(file->data, status);
}

static const struct file_kind disk_kind = {
	.read = read_file,
	.write = write_file,
	.ready = file_ready,
	.close = close_file,
	.status = status_of_file,
};

bool
is_disk_file(const struct file *file)
{
	return file->kind == &disk_kind;
}

static int
open_in(struct dir *dir, const char *name, int flags, struct file **file)
{
	struct node *node = *name ? dir_find(dir, name) : disk.root;

	if (dir != disk.root->dir && chance_hits(world_chance(), world_faults()->open_error)) {
		world_tally()->disk_errors++;
		return fail_with(flags & O_CREAT ? ENOSPC : EMFILE);
	}
	if (node && (flags & O_CREAT) && (flags & O_EXCL))
		return fail_with(EEXIST);
	if (!node && !(flags & O_CREAT))
		return fail_with(ENOENT);
	if (node && (flags & O_DIRECTORY) && !node->dir)
		return fail_with(ENOTDIR);
	if (!node) {
		node = node_new(false);
		node->links = 1;
		node->fails = dir != disk.root->dir;
		dir_set(dir, name, node);
	}
	*file = file_new(&disk_kind, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK), node_ref(node));
	if (flags & O_TRUNC)
		return disk_truncate(*file, 0);
	return 0;
}

int
disk_open(const char *path, int flags, struct file **file)
{
	const char *name;
	struct dir *dir = disk_find_dir(path, &name);

	return dir ? open_in(dir, name, flags, file) : -1;
}

int
disk_open_at(struct file *dir, const char *name, int flags, struct file **file)
{
	struct node *node = dir->data;

	if (strcmp(name, ".") != 0)
		return open_in(node->dir, name, flags, file);
	*file = file_new(&disk_kind, flags & O_ACCMODE, node_ref(node));
	return 0;
}

struct file *
disk_open_again(struct file *file, int flags)
{
	return file_new(&disk_kind, flags & (O_ACCMODE | O_APPEND), node_ref(file->data));
}

ssize_t
disk_read_at(struct file *file, void *bytes, size_t size, int64_t at)
{
	struct node *node = file->data;
	size_t left = (size_t)at < node->size ? node->size - (size_t)at : 0;

	if (node->dir)
		return fail_with(EISDIR);
	if (left > size)
		left = size;
	if (left)
		memcpy(bytes, node->bytes + at, left);
	return (ssize_t)left;
}

ssize_t
disk_write_at(struct file *file, const void *bytes, size_t len, int64_t at)
{
	const struct faults *faults = world_faults();
	struct node *node = file->data;
	size_t end;

	if (len == 0)
		return 0;
	if (node->fails && chance_hits(world_chance(), faults->disk_error)) {
		world_tally()->disk_errors++;
		world_trace("a write of %zu bytes: error", len);
		return fail_with(EIO);
	}
	if (node->fails && chance_hits(world_chance(), faults->disk_full)) {
		world_tally()->disk_fulls++;
		world_trace("a write of %zu bytes: the disk is full", len);
		return fail_with(ENOSPC);
	}
	if (node->fails && len > 1 && chance_hits(world_chance(), faults->disk_short)) {
		world_tally()->disk_shorts++;
		len = (size_t)chance_scale(world_chance(), (int64_t)len - 1);
	}
	end = (size_t)at + len;
	node_reserve(node, end);
	memcpy(node->bytes + at, bytes, len);
	node_mark(node, node->size < (size_t)at ? node->size : (size_t)at, end);
	if (end > node->size)
		node->size = end;
	world_note(bytes, len);
	if (node->fails)
		world_trace("writes %zu bytes at %lld of file %llu", len, (long long)at,
			(unsigned long long)node->number);
	return (ssize_t)len;
}

int
disk_truncate(struct file *file, int64_t size)
{
	struct node *node = file->data;

	if (node->fails)
		world_trace("truncates file %llu to %lld bytes", (unsigned long long)node->number,
			(long long)size);
	node_reserve(node, (size_t)size);
	if ((size_t)size < node->size) {
		memset(node->bytes + size, 0, node->size - (size_t)size);
		node_mark(node, (size_t)size, node->size);
	}
	node->size = (size_t)size;
	return 0;
}

/* ---- syncs ---- */

static void
wait_for_disk(int64_t most_ns)
{
	int64_t took_ns = SYNC_NS;

	if (most_ns && chance_hits(world_chance(), world_faults()->sync_slow)) {
		world_tally()->slow_syncs++;
		took_ns = most_ns;
	}
	task_wait(world_now_ns() + chance_scale(world_chance(), took_ns));
}

/* The pages that were written before are made safe, those written meanwhile are not. If the sync
 * fails, they are neither safe nor dirty, as on Linux. */
static int
sync_node(struct node *node, bool fails)
{
	size_t count = node->cap / PAGE, size = node->size;

	for (size_t page = 0; page < count; page++)
		if (node->dirty[page])
			node->dirty[page] = SYNCING;
	world_trace("syncs file %llu", (unsigned long long)node->number);
	wait_for_disk(world_faults()->sync_ns);
	world_trace("the sync of file %llu %s", (unsigned long long)node->number,
		fails ? "fails" : "is done");
	for (size_t page = 0; page < count; page++) {
		if (node->dirty[page] != SYNCING)
			continue;
		node->dirty[page] = 0;
		if (!fails)
			memcpy(node->safe + page * PAGE, node->bytes + page * PAGE, PAGE);
	}
	if (fails)
		return fail_with(EIO);
	node->safe_size = size < node->size ? size : node->size;
	return 0;
}

int
disk_sync(struct file *file)
{
	struct node *node = file->data;
	bool fails = chance_hits(world_chance(), world_faults()->sync_error);

	if (fails)
		world_tally()->sync_errors++;
	if (!node->dir)
		return sync_node(node, fails);
	wait_for_disk(0);
	if (fails)
		return fail_with(EIO);
	/* changes that came meanwhile are made safe, too, as a disk may do */
	dir_settle(node->dir, node->dir->change_count);
	return 0;
}

/* ---- other calls ---- */

int
disk_status_at(struct file *dir, const char *name, struct stat *status)
{
	const char *last = name;
	struct dir *in = dir ? ((struct node *)dir->data)->dir : disk_find_dir(name, &last);
	struct node *node = in ? (*last ? dir_find(in, last) : disk.root) : NULL;

	if (!node)
		return fail_with(ENOENT);
	fill_status(node, status);
	return 0;
}

int
disk_remove(struct file *dir, const char *name)
{
	const char *last = name;
	struct dir *in = dir ? ((struct node *)dir->data)->dir : disk_find_dir(name, &last);
	struct node *node = in ? dir_find(in, last) : NULL;

	if (!node)
		return fail_with(ENOENT);
	node->links--;
	dir_set(in, last, NULL);
	return 0;
}

int
disk_rename(struct file *dir, const char *from, const char *to)
{
	const char *from_name = from, *to_name = to;
	struct dir *in = dir ? ((struct node *)dir->data)->dir : disk_find_dir(from, &from_name);
	struct dir *out = dir ? in : disk_find_dir(to, &to_name);
	struct node *node = in && out ? dir_find(in, from_name) : NULL, *old;

	if (!node)
		return fail_with(ENOENT);
	old = dir_find(out, to_name);
	if (old)
		old->links--;
	node_ref(node);
	dir_set(in, from_name, NULL);
	dir_set(out, to_name, node);
	if (in == out) /* one step: a loss of power keeps both changes or none */
		in->changes[in->change_count - 2].with_next = true;
	node_unref(node);
	return 0;
}

int
disk_link(struct file *dir, const char *from, const char *to)
{
	struct dir *in = ((struct node *)dir->data)->dir;
	struct node *node = dir_find(in, from);

	if (!node || dir_find(in, to))
		return fail_with(node ? EEXIST : ENOENT);
	node->links++;
	dir_set(in, to, node);
	return 0;
}

/* Returns the directory of a new name, or NULL with errno. *name: the last part of the path. */
static struct dir *
find_dir_of_new(const char *path, const char **name)
{
	struct dir *dir = disk_find_dir(path, name);

	if (!dir || !dir_find(dir, *name))
		return dir;
	errno = EEXIST;
	return NULL;
}

int
disk_make_dir(const char *path)
{
	const char *name;
	struct dir *dir = find_dir_of_new(path, &name);
	struct node *node;

	if (!dir)
		return -1;
	node = node_new(true);
	node->links = 2;
	names_set(&dir->names, &dir->count, name, node);
	return 0;
}

void
disk_empty_dir(const char *path)
{
	const char *name;
	struct dir *in = disk_find_dir(path, &name), *dir = dir_find(in, name)->dir;

	while (dir->count) {
		dir->names[0].node->links--;
		dir_set(dir, dir->names[0].text, NULL);
	}
	dir_settle(dir, dir->change_count);
}

void
disk_make_null(void)
{
	struct node *node = node_new(false);

	node->links = 1;
	disk_make_dir("/dev");
	names_set(&dir_find(disk.root->dir, "dev")->dir->names,
		&dir_find(disk.root->dir, "dev")->dir->count, "null", node);
}

int
disk_make_socket(const char *path)
{
	const char *name;
	struct dir *dir = find_dir_of_new(path, &name);
	struct node *node;

	if (!dir)
		return -1;
	node = node_new(false);
	node->links = 1;
	node->is_socket = true;
	dir_set(dir, name, node);
	return 0;
}

int
disk_lock(struct file *file, int operation)
{
	struct node *node = file->data;

	if ((operation & ~LOCK_NB) == LOCK_UN) {
		if (node->locked_by == file)
			node->locked_by = NULL;
		return 0;
	}
	if (node->locked_by && node->locked_by != file)
		return fail_with(EWOULDBLOCK);
	node->locked_by = file;
	return 0;
}

const char *
disk_name(struct file *dir, size_t i)
{
	const struct dir *in = ((struct node *)dir->data)->dir;

	return in && i < in->count ? in->names[i].text : NULL;
}

const char *
disk_bytes(const char *path, size_t *len)
{
	const char *name;
	struct dir *dir = disk_find_dir(path, &name);
	struct node *node = dir ? dir_find(dir, name) : NULL;

	*len = node ? node->size : 0;
	return !node ? NULL : node->bytes ? node->bytes : "";
}

/* ---- the whole ---- */

void
disk_begin(void)
{
	disk.numbers = 0;
	disk.root = node_ref(node_new(true));
	disk.root->links = 2;
}

void
disk_end(void)
{
	node_unref(disk.root);
	disk.root = NULL;
}
