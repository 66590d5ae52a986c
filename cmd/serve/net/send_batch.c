/* The kernel's way to send to many at once. The only file that knows liburing. */
#include "serve/net/send_batch.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "chat/buf.h"

#define SEND_BATCH_MAX 256

struct entry {
	const void *bytes;
	size_t len;
	void *arg;
	int fd;
	bool done;
};

struct send_batch {
	struct io_uring ring; /* between runs there is nothing in it */
	bool broken; /* an answer is missing that may come later: the ring is not used again */
	unsigned count; /* entries added and not run yet */
	struct entry entries[SEND_BATCH_MAX];
};

/*
 * A ring does what no filter of system calls sees: it is to write to what is open, and nothing
 * else, for ever. Not to send: that would take an address, of any socket there is.
 */
static bool
ring_open(struct io_uring *ring, unsigned flags)
{
	struct io_uring_restriction only = {
		.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE};

	if (io_uring_queue_init(SEND_BATCH_MAX, ring, flags | IORING_SETUP_R_DISABLED) < 0)
		return false;
	/* liburing 2.3 has functions for these two that it does not export */
	if (io_uring_register(ring->ring_fd, IORING_REGISTER_RESTRICTIONS, &only, 1) == 0 &&
		io_uring_register(ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0)
		return true;
	io_uring_queue_exit(ring);
	return false;
}

void
send_batch_close(struct send_batch *batch)
{
	if (!batch)
		return;
	io_uring_queue_exit(&batch->ring);
	free(batch);
}

bool
send_batch_add(struct send_batch *batch, int fd, const void *bytes, size_t len, void *arg)
{
	if (batch->count == SEND_BATCH_MAX)
		return false;
	batch->entries[batch->count++] =
		(struct entry){.bytes = bytes, .len = len, .arg = arg, .fd = fd};
	return true;
}

/* Puts into the ring as many as there is room for; how many. */
static unsigned
batch_fill(struct send_batch *batch)
{
	unsigned filled = 0;

	while (filled < batch->count && !batch->broken) {
		struct entry *entry = &batch->entries[filled];
		struct io_uring_sqe *slot = io_uring_get_sqe(&batch->ring);

		if (!slot)
			break;
		io_uring_prep_write(slot, entry->fd, entry->bytes, (unsigned)entry->len, 0);
		slot->rw_flags = RWF_NOWAIT;
		io_uring_sqe_set_data(slot, entry);
		filled++;
	}
	return filled;
}

/* Tells of those that the kernel is done with; how many. */
static unsigned
batch_reap(struct send_batch *batch, void (*done)(void *arg, ssize_t result))
{
	struct io_uring_cqe *completion;
	unsigned head, seen = 0;

	io_uring_for_each_cqe(&batch->ring, head, completion)
	{
		struct entry *entry = io_uring_cqe_get_data(completion);

		entry->done = true;
		done(entry->arg, completion->res);
		seen++;
	}
	io_uring_cq_advance(&batch->ring, seen);
	return seen;
}

/*
 * The kernel takes no more now (no memory, too much on its way). What it has not looked at leaves
 * the ring again, which it reads only when it is called, and is sent as everybody sends. What it
 * has taken is answered at once; where it is not, nobody knows what became of it.
 */
static void
batch_fall_back(struct send_batch *batch, unsigned filled, void (*done)(void *arg, ssize_t result))
{
	unsigned taken = filled - io_uring_sq_ready(&batch->ring);
	struct io_uring_sq *queue = &batch->ring.sq;

	queue->sqe_head = queue->sqe_tail = *queue->khead;
	io_uring_smp_store_release(queue->ktail, queue->sqe_tail);
	for (unsigned i = 0; i < batch->count; i++) {
		struct entry *entry = &batch->entries[i];
		ssize_t sent = -EIO;

		if (entry->done)
			continue;
		batch->broken |= i < taken;
		if (i >= taken) {
			sent = send(
				entry->fd, entry->bytes, entry->len, MSG_NOSIGNAL | MSG_DONTWAIT);
			sent = sent < 0 ? -errno : sent;
		}
		done(entry->arg, sent);
	}
}

void
send_batch_run(struct send_batch *batch, void (*done)(void *arg, ssize_t result))
{
	unsigned filled = batch_fill(batch), answered = 0;

	while (answered < filled) {
		int status = io_uring_submit_and_wait(&batch->ring, filled - answered);

		answered += batch_reap(batch, done);
		if (status < 0 && status != -EINTR)
			break;
	}
	if (answered < batch->count)
		batch_fall_back(batch, filled, done);
	batch->count = 0;
}

static void
note_result(void *arg, ssize_t result)
{
	*(ssize_t *)arg = result;
}

/* A write that never waits is possible on a socket (Linux 6.5); another kind would be no use. */
static bool
batch_works(struct send_batch *batch)
{
	ssize_t result = -1;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return false;
	send_batch_add(batch, fds[0], "", 1, &result);
	send_batch_run(batch, note_result);
	close(fds[0]);
	close(fds[1]);
	return result == 1;
}

struct send_batch *
send_batch_open(void)
{
	struct send_batch *batch = chat_alloc_zeroed(1, sizeof(*batch));

	if (!ring_open(&batch->ring,
		    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
			    IORING_SETUP_DEFER_TASKRUN)) {
		free(batch);
		return NULL;
	}
	if (batch_works(batch))
		return batch;
	send_batch_close(batch);
	return NULL;
}
