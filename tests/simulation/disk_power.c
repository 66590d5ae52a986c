/* A loss of power: pages and names that were not synced are there afterwards, or not. */
#include <stdio.h>
#include <string.h>

#include "simulation/disk_private.h"
#include "simulation/kernel.h"

static void
lose_pages(struct node *node)
{
	struct chance *chance = world_chance();
	size_t count = node->cap / PAGE;

	if (node->size != node->safe_size && chance_below(chance, 2))
		node->safe_size = (size_t)chance_between(chance,
			(int64_t)(node->size < node->safe_size ? node->size : node->safe_size),
			(int64_t)(node->size > node->safe_size ? node->size : node->safe_size));
	for (size_t page = 0; page < count; page++) {
		if (!node->dirty[page])
			continue;
		if (chance_below(chance, 2))
			memcpy(node->safe + page * PAGE, node->bytes + page * PAGE, PAGE);
		else
			world_tally()->lost_pages++;
	}
	if (!count)
		return;
	memset(node->safe + node->safe_size, 0, node->cap - node->safe_size);
	memcpy(node->bytes, node->safe, node->cap);
	memset(node->dirty, 0, count);
	node->size = node->safe_size;
}

static void
lose_names(struct dir *dir)
{
	size_t kept = chance_below(world_chance(), dir->change_count + 1);

	if (kept && dir->changes[kept - 1].with_next)
		kept--;
	dir_settle(dir, kept);
	while (dir->count)
		names_set(&dir->names, &dir->count, dir->names[0].text, NULL);
	for (size_t i = 0; i < dir->safe_count; i++) {
		names_set(&dir->names, &dir->count, dir->safe[i].text, dir->safe[i].node);
		lose_pages(dir->safe[i].node);
		dir->safe[i].node->links = 1;
	}
}

void
disk_lose_power(const char *path)
{
	const char *name;
	struct dir *dir = disk_find_dir(path, &name);
	struct node *node = dir ? dir_find(dir, name) : NULL;

	world_tally()->power_losses++;
	if (node && node->dir)
		lose_names(node->dir);
}
