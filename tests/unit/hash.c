/* The hash of all tables: it has the published values and a different key in each process, and
 * colliding keys do not keep a table from growing. */
#include "text/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define MANY 100000
#define CHAIN_MOST 20 /* of one bucket; 10 make a table grow */

struct item {
	UT_hash_handle hh;
	unsigned char key[24];
};

static unsigned
longest_chain(const struct item *items)
{
	unsigned longest = 0;

	for (unsigned i = 0; i < items->hh.tbl->num_buckets; i++)
		if (items->hh.tbl->buckets[i].count > longest)
			longest = items->hh.tbl->buckets[i].count;
	return longest;
}

static void
items_free(struct item *items)
{
	struct item *item, *next;

	HASH_ITER(hh, items, item, next)
	{
		HASH_DEL(items, item);
		free(item);
	}
}

/* The values of the reference implementation: key 00 01 … 0f, input 00 01 …; the one of 15 bytes is
 * in the paper. */
static void
test_published(void)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} published[] = {
		{0, 0x726fdb47dd0e0e31},
		{1, 0x74f839c593dc67fd},
		{7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462},
		{15, 0xa129ca6149be45e5},
		{16, 0x3f2acc7f57c29bdb},
		{63, 0x958a324ceb064572},
	};
	unsigned char bytes[64], moved[64];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++)
		ok(chat_siphash(bytes, bytes, published[i].len) == published[i].hash,
			"SipHash-2-4 of %zu bytes is the published one", published[i].len);
	for (size_t i = 1; i < 8; i++) {
		memcpy(moved + i, bytes, 15);
		ok(chat_siphash(bytes, moved + i, 15) == published[4].hash,
			"also %zu bytes behind an even address", i);
	}
}

/* Returns the hash of "key" that another process of this program prints. */
static uint64_t
hash_elsewhere(const char *program)
{
	unsigned long long hash = 0;
	int pipe_fds[2];
	FILE *out;
	pid_t pid;

	if (pipe(pipe_fds) < 0 || (pid = fork()) < 0)
		return 0;
	if (pid == 0) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		execl(program, program, "hash", NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	out = fdopen(pipe_fds[0], "r");
	if (fscanf(out, "%llx", &hash) != 1)
		hash = 0;
	fclose(out);
	waitpid(pid, NULL, 0);
	return hash;
}

static void
test_key(const char *program)
{
	uint64_t one = hash_elsewhere(program), other = hash_elsewhere(program);

	ok(chat_hash("key", 3) == chat_hash("key", 3), "a process always hashes alike");
	ok(one && other && one != other && one != chat_hash("key", 3), "no two processes do");
}

/*
 * Makes a key. uthash's own function gives all keys that are made here the same hash: the second
 * half of a key brings the state that its first half led to back to a fixed one.
 */
static void
collide(unsigned char key[24], uint32_t number)
{
	static const uint32_t wanted[3] = {0x01234567, 0x89abcdef, 0x76543210};
	uint32_t state[3] = {0x9e3779b9, 0x9e3779b9, 0xfeedbeef};

	memset(key, 'n', 12);
	memcpy(key, &number, sizeof(number));
	for (int i = 0; i < 3; i++)
		state[i] += key[4 * i] | (uint32_t)key[4 * i + 1] << 8 |
			(uint32_t)key[4 * i + 2] << 16 | (uint32_t)key[4 * i + 3] << 24;
	HASH_JEN_MIX(state[0], state[1], state[2]);
	for (int i = 0; i < 12; i++)
		key[12 + i] = (unsigned char)((wanted[i / 4] - state[i / 4]) >> 8 * (i % 4));
}

static void
test_collisions(void)
{
	struct item *items = NULL, *found;
	uint32_t usual = 0, other, same = 0, present = 0;
	unsigned char key[24];

	for (uint32_t i = 0; i < MANY; i++) {
		struct item *item = chat_alloc_zeroed(1, sizeof(*item));

		collide(item->key, i);
		HASH_JEN(item->key, sizeof(item->key), other);
		if (i == 0)
			usual = other;
		same += other == usual;
		HASH_ADD(hh, items, key, sizeof(item->key), item);
	}
	is_int(same, MANY, "the crafted keys collide under uthash's own function");
	ok(longest_chain(items) < CHAIN_MOST, "and do not here: the longest chain is %u",
		longest_chain(items));
	ok(items->hh.tbl->num_buckets > MANY / CHAIN_MOST, "a table of %d has %u buckets", MANY,
		items->hh.tbl->num_buckets);
	for (uint32_t i = 0; i < MANY; i += 100) {
		collide(key, i);
		HASH_FIND(hh, items, key, sizeof(key), found);
		present += found != NULL;
	}
	is_int(present, MANY / 100, "they are found");
	items_free(items);
}

/* Keys with one hash, if a peer could find them, do not keep the table from growing. */
static void
test_growing(void)
{
	struct item *items = NULL;

	for (uint32_t i = 0; i < 2000 + MANY; i++) {
		struct item *item = chat_alloc_zeroed(1, sizeof(*item));
		unsigned hash = 1;

		collide(item->key, i);
		if (i >= 2000)
			hash = (unsigned)chat_hash(item->key, sizeof(item->key));
		HASH_ADD_BYHASHVALUE(hh, items, key, sizeof(item->key), hash, item);
	}
	ok(items->hh.tbl->num_buckets > MANY / CHAIN_MOST,
		"a table grows also after expansions that were of no use: %u buckets",
		items->hh.tbl->num_buckets);
	items_free(items);
}

int
main(int argc, char **argv)
{
	if (argc > 1) {
		printf("%llx\n", (unsigned long long)chat_hash("key", 3));
		return 0;
	}
	test_published();
	test_key(argv[0]);
	test_collisions();
	test_growing();
	return done();
}
