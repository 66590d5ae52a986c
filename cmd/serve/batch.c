/* The kernel's way to send to many at once. The only file that knows liburing. */
#include "serve/batch.h"

#include <liburing.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define BATCH_MAX 256

struct batch {
	struct io_uring ring;
	unsigned count; /* added and not run yet */
};

/* A ring does what no filter of system calls sees: it is to send, and nothing else, for ever. */
static bool
ring_open(struct io_uring *ring, unsigned flags)
{
	struct io_uring_restriction only = {
		.opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = IORING_OP_SEND};

	if (io_uring_queue_init(BATCH_MAX, ring, flags | IORING_SETUP_R_DISABLED) < 0)
		return false;
	/* liburing 2.3 has functions for these two that it does not export */
	if (io_uring_register(ring->ring_fd, IORING_REGISTER_RESTRICTIONS, &only, 1) == 0 &&
		io_uring_register(ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) == 0)
		return true;
	io_uring_queue_exit(ring);
	return false;
}

struct batch *
batch_open(void)
{
	struct batch *batch = chat_alloc_zeroed(1, sizeof(*batch));

	if (ring_open(&batch->ring,
		    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
			    IORING_SETUP_DEFER_TASKRUN) ||
		ring_open(&batch->ring, 0)) /* before Linux 6.1 */
		return batch;
	free(batch);
	return NULL;
}

void
batch_close(struct batch *batch)
{
	if (!batch)
		return;
	io_uring_queue_exit(&batch->ring);
	free(batch);
}

bool
batch_add(struct batch *batch, int fd, const void *bytes, size_t len, void *arg)
{
	struct io_uring_sqe *entry;

	if (batch->count == BATCH_MAX)
		return false;
	entry = io_uring_get_sqe(&batch->ring);
	io_uring_prep_send(entry, fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	io_uring_sqe_set_data(entry, arg);
	batch->count++;
	return true;
}

void
batch_run(struct batch *batch, void (*done)(void *arg, ssize_t result))
{
	while (batch->count) {
		struct io_uring_cqe *completion;
		unsigned head, seen = 0;
		int status = io_uring_submit_and_wait(&batch->ring, batch->count);

		if (status < 0 && status != -EINTR)
			abort(); /* the ring is ours alone: this is a broken kernel */
		io_uring_for_each_cqe(&batch->ring, head, completion)
		{
			done(io_uring_cqe_get_data(completion), completion->res);
			seen++;
		}
		io_uring_cq_advance(&batch->ring, seen);
		batch->count -= seen;
	}
}
