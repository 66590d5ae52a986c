/*
 * The pages that the sockets share are those of a file in memory (memfd_create(2)). A socket refers
 * to the pages until its peer has acknowledged them, so they must not be written again. At the end
 * of a tick they are cut off the file: what no socket refers to is freed, and the next tick gets
 * other pages. Measured with 110 KB to each of 200 sockets: half of the CPU time of send(2).
 */
#include "serve/net/send_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "serve/frame/block.h"
#include "text/buf.h"

#define SHARED_BLOCKS 16 /* in one tick */
#define SHARED_BYTES ((off_t)8 << 20) /* in one tick */
#define SOCKETS_MIN 16 /* fewer are not worth the copy */
#define PAGE 4096

struct send_shared {
	int fd;
	off_t end; /* of the blocks in the file; each begins with a page */
	unsigned count;
	struct {
		struct block *block; /* one reference is owned */
		off_t at;
	} blocks[SHARED_BLOCKS];
};

struct send_shared *
send_shared_open(void)
{
	int fd = memfd_create("chat-serve", MFD_CLOEXEC);
	struct send_shared *shared;

	if (fd < 0)
		return NULL;
	shared = chat_alloc_zeroed(1, sizeof(*shared));
	shared->fd = fd;
	return shared;
}

void
send_shared_close(struct send_shared *shared)
{
	if (!shared)
		return;
	send_shared_end(shared);
	close(shared->fd);
	free(shared);
}

/* Copies a block into the file. Returns its place, or -1. */
static off_t
place_new(struct send_shared *shared, struct block *block)
{
	off_t at = shared->end, end = at + block->len;

	if (block->queued < SOCKETS_MIN || shared->count == SHARED_BLOCKS || end > SHARED_BYTES)
		return -1;
	shared->end = (end + PAGE - 1) / PAGE * PAGE; /* also if not all can be written */
	if (pwrite(shared->fd, block->bytes, block->len, at) != (ssize_t)block->len)
		return -1;
	shared->blocks[shared->count].block = block_ref(block);
	shared->blocks[shared->count++].at = at;
	return at;
}

/* Returns the place of a block in the file, or -1. */
static off_t
place_of(struct send_shared *shared, struct block *block)
{
	for (unsigned i = 0; i < shared->count; i++)
		if (shared->blocks[i].block == block)
			return shared->blocks[i].at;
	return place_new(shared, block);
}

ssize_t
send_shared(struct send_shared *shared, int fd, struct block *block, uint32_t from, uint32_t to)
{
	off_t at = place_of(shared, block);
	ssize_t count;

	if (at < 0)
		return -ENOBUFS;
	at += from;
	count = sendfile(fd, shared->fd, &at, to - from);
	return count < 0 ? -errno : count;
}

void
send_shared_end(struct send_shared *shared)
{
	if (!shared->end)
		return;
	while (shared->count)
		block_unref(shared->blocks[--shared->count].block);
	if (ftruncate(shared->fd, 0) == 0)
		shared->end = 0;
}
