/* The nodes of the disk, which are files or directories, and the names that lead to them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/disk_private.h"
#include "simulation/kernel.h"

struct disk disk;

/* ---- nodes ---- */

void *
disk_need(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct node *
node_new(bool is_dir)
{
	struct node *node = disk_need(calloc(1, sizeof(*node)));

	node->number = ++disk.numbers;
	node->changed_ns = world_unix_ns();
	if (is_dir)
		node->dir = disk_need(calloc(1, sizeof(*node->dir)));
	return node;
}

static void
names_free(struct name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].node)
			node_unref(names[i].node);
	free(names);
}

static void
dir_free(struct dir *dir)
{
	names_free(dir->names, dir->count);
	names_free(dir->safe, dir->safe_count);
	for (size_t i = 0; i < dir->change_count; i++)
		if (dir->changes[i].name.node)
			node_unref(dir->changes[i].name.node);
	free(dir->changes);
	free(dir);
}

void
node_unref(struct node *node)
{
	if (--node->refs)
		return;
	if (node->dir)
		dir_free(node->dir);
	free(node->bytes);
	free(node->safe);
	free(node->dirty);
	free(node);
}

struct node *
node_ref(struct node *node)
{
	node->refs++;
	return node;
}

size_t
disk_pages(size_t bytes)
{
	return (bytes + PAGE - 1) / PAGE;
}

/* Makes room, and zeros between the end and this size. */
void
node_reserve(struct node *node, size_t size)
{
	size_t cap = node->cap ? node->cap : 4 * PAGE;

	while (cap < size)
		cap *= 2;
	if (cap == node->cap)
		return;
	node->bytes = disk_need(realloc(node->bytes, cap));
	node->safe = disk_need(realloc(node->safe, cap));
	node->dirty = disk_need(realloc(node->dirty, cap / PAGE));
	memset(node->bytes + node->cap, 0, cap - node->cap);
	memset(node->safe + node->cap, 0, cap - node->cap);
	memset(node->dirty + node->cap / PAGE, 0, (cap - node->cap) / PAGE);
	node->cap = cap;
}

void
node_mark(struct node *node, size_t from, size_t to)
{
	for (size_t page = from / PAGE; page < disk_pages(to); page++)
		node->dirty[page] = DIRTY;
	node->changed_ns = world_unix_ns();
}

/* ---- names ---- */

static struct name *
names_find(struct name *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i].text, text) == 0)
			return &names[i];
	return NULL;
}

/* Sets a name to a node, or removes it. */
void
names_set(struct name **names, size_t *count, const char *text, struct node *node)
{
	struct name *name = names_find(*names, *count, text);
	struct node *old = name ? name->node : NULL;

	if (!name && node) {
		*names = disk_need(realloc(*names, (*count + 1) * sizeof(**names)));
		name = &(*names)[(*count)++];
		snprintf(name->text, sizeof(name->text), "%s", text);
	}
	if (node)
		name->node = node_ref(node);
	else if (name)
		*name = (*names)[--*count];
	if (old)
		node_unref(old);
}

void
dir_set(struct dir *dir, const char *text, struct node *node)
{
	struct change *change;

	dir->changes =
		disk_need(realloc(dir->changes, (dir->change_count + 1) * sizeof(*dir->changes)));
	change = &dir->changes[dir->change_count++];
	snprintf(change->name.text, sizeof(change->name.text), "%s", text);
	change->name.node = node ? node_ref(node) : NULL;
	change->with_next = false;
	names_set(&dir->names, &dir->count, text, node);
}

/* Makes the first changes safe, and forgets the others. */
void
dir_settle(struct dir *dir, size_t safe)
{
	for (size_t i = 0; i < dir->change_count; i++) {
		struct name *name = &dir->changes[i].name;

		if (i < safe)
			names_set(&dir->safe, &dir->safe_count, name->text, name->node);
		if (name->node)
			node_unref(name->node);
	}
	dir->change_count = 0;
}

struct node *
dir_find(const struct dir *dir, const char *text)
{
	struct name *name = names_find(dir->names, dir->count, text);

	return name ? name->node : NULL;
}

/* Finds the directory of a path; *name is what follows. */
struct dir *
disk_find_dir(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	struct node *node = disk.root;
	char part[64];

	*name = slash ? slash + 1 : path;
	while (slash && path < slash && node && node->dir) {
		size_t len = strcspn(path, "/");

		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		node = len ? dir_find(node->dir, part) : node;
		path += len + 1;
	}
	if (!node || !node->dir)
		errno = ENOENT;
	return node ? node->dir : NULL;
}
