/*
 * Sends of many connections in one system call. conns_flush() runs them at the end of the tick. No
 * other file uses liburing.
 */
#include "serve/net/send_batch.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "text/buf.h"

#define SEND_BATCH_MAX 256 /* the most sends in a batch */

struct entry {
	const void *bytes;
	size_t len;
	void *arg;
	int fd;
	bool done; /* on_sent was called for this entry */
};

struct send_batch {
	struct io_uring ring; /* empty between runs */
	bool broken; /* a completion is missing and may arrive later: the ring is not used again */
	unsigned count; /* the number of entries to be run */
	struct entry entries[SEND_BATCH_MAX];
};

/*
 * Opens a ring that can only write to open descriptors. The filter of system calls (sandbox.c) does
 * not see the operations of a ring, so the ring itself is restricted. Its send operation is
 * forbidden, too, because it could send to any address.
 */
static bool
ring_open(struct io_uring *ring, unsigned flags)
{
	struct io_uring_restriction only = {
		.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_WRITE};

	if (io_uring_queue_init(SEND_BATCH_MAX, ring, flags | IORING_SETUP_R_DISABLED) < 0)
		return false;
	/* liburing 2.3 has functions for this call and that of ring_enable, but does not export
	 * them */
	if (io_uring_register(ring->ring_fd, IORING_REGISTER_RESTRICTIONS, &only, 1) == 0)
		return true;
	io_uring_queue_exit(ring);
	return false;
}

/* From now on only this thread can use the ring. */
static bool
ring_enable(struct io_uring *ring)
{
	return io_uring_register(ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0;
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

/* Adds entries to the ring until it is full. Adds none if it is broken. Returns their number. */
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

/* Calls on_sent for the entries that the kernel has completed. Returns their number. */
static unsigned
batch_reap(struct send_batch *batch, void (*on_sent)(void *arg, ssize_t result))
{
	struct io_uring_cqe *completion;
	unsigned head, seen = 0;

	io_uring_for_each_cqe(&batch->ring, head, completion)
	{
		struct entry *entry = io_uring_cqe_get_data(completion);

		entry->done = true;
		on_sent(entry->arg, completion->res);
		seen++;
	}
	io_uring_cq_advance(&batch->ring, seen);
	return seen;
}

/*
 * Called when the kernel accepts no more entries (no memory, too many in progress). Removes the
 * entries that the kernel has not read from the ring, and sends them one by one. This is safe: the
 * kernel reads the ring only during a system call. For an entry that the kernel has read and not
 * completed, the number of sent bytes is unknown: on_sent gets -EIO, and the ring is not used
 * again.
 */
static void
batch_fall_back(
	struct send_batch *batch, unsigned filled, void (*on_sent)(void *arg, ssize_t result))
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
		on_sent(entry->arg, sent);
	}
}

void
send_batch_run(struct send_batch *batch, void (*on_sent)(void *arg, ssize_t result))
{
	unsigned filled = batch_fill(batch), answered = 0;

	while (answered < filled) {
		int status = io_uring_submit_and_wait(&batch->ring, filled - answered);

		answered += batch_reap(batch, on_sent);
		if (status < 0 && status != -EINTR)
			break;
	}
	if (answered < batch->count)
		batch_fall_back(batch, filled, on_sent);
	batch->count = 0;
}

static void
note_result(void *arg, ssize_t result)
{
	*(ssize_t *)arg = result;
}

/* Returns true if the ring can write to a socket with RWF_NOWAIT (Linux 6.5 and newer). */
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
send_batch_prepare(void)
{
	struct send_batch *batch = chat_alloc_zeroed(1, sizeof(*batch));

	if (ring_open(&batch->ring,
		    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
			    IORING_SETUP_DEFER_TASKRUN))
		return batch;
	free(batch);
	return NULL;
}

bool
send_batch_enable(struct send_batch *batch)
{
	return ring_enable(&batch->ring);
}

struct send_batch *
send_batch_open(void)
{
	struct send_batch *batch = send_batch_prepare();

	if (batch && send_batch_enable(batch) && batch_works(batch))
		return batch;
	send_batch_close(batch);
	return NULL;
}
