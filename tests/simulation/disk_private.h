#ifndef SIMULATION_DISK_PRIVATE_H
#define SIMULATION_DISK_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between the files disk*.c. */

#define PAGE 512

struct node {
	unsigned refs; /* names, open files, and names that a loss of power may bring back */
	unsigned links;
	uint64_t number;
	char *bytes, *safe; /* as programs see it; as it is after a loss of power */
	size_t size, safe_size, cap;
	unsigned char *dirty; /* for each page: 0, DIRTY, SYNCING */
	struct file *locked_by; /* borrowed */
	int64_t changed_ns;
	struct dir *dir; /* owned; NULL: a regular file */
	bool is_socket; /* a name that a socket was bound to */
	bool fails; /* faults happen to it: it is in a directory of the server */
};

enum { DIRTY = 1, SYNCING = 2 };

struct name {
	char text[64];
	struct node *node;
};

/* A change of a name that no sync of the directory has made safe. node NULL: it was removed. */
struct change {
	struct name name;
	bool with_next; /* and the next one, or neither */
};

struct dir {
	struct name *names, *safe;
	size_t count, safe_count;
	struct change *changes;
	size_t change_count;
};

extern struct disk {
	struct node *root;
	uint64_t numbers;
} disk;

/* ---- disk_node.c ---- */

/* Returns memory that was allocated, or ends the process. */
void *disk_need(void *memory);

/* A new node without a reference. */
struct node *node_new(bool is_dir);
struct node *node_ref(struct node *node);
void node_unref(struct node *node);

/* The number of pages of so many bytes. */
size_t disk_pages(size_t bytes);

/* Makes room, and zeros between the end and this size. */
void node_reserve(struct node *node, size_t size);

/* Notes that bytes are written which are not synced. */
void node_mark(struct node *node, size_t from, size_t to);

/* Sets a name to a node, or removes it (NULL). */
void names_set(struct name **names, size_t *count, const char *text, struct node *node);
void dir_set(struct dir *dir, const char *text, struct node *node);

/* Makes the first changes safe, and forgets the others. */
void dir_settle(struct dir *dir, size_t safe);
struct node *dir_find(const struct dir *dir, const char *text);

/* Finds the directory of a path; *name is what follows. NULL with errno: there is none. */
struct dir *disk_find_dir(const char *path, const char **name);

#endif
