/* io_uring, as far as the server uses it: writes to sockets, many in one call. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

struct sim_ring {
	unsigned sq_head, sq_tail, cq_head, cq_tail;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

int
sim_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
	struct sim_ring *memory;

	(void)flags;
	if (!world_faults()->has_ring)
		return -ENOSYS;
	memory = sim_calloc(1, sizeof(*memory));
	memory->sqes = sim_calloc(entries, sizeof(*memory->sqes));
	memory->cqes = sim_calloc(entries, sizeof(*memory->cqes));
	memset(ring, 0, sizeof(*ring));
	ring->sq.khead = &memory->sq_head;
	ring->sq.ktail = &memory->sq_tail;
	ring->sq.sqes = memory->sqes;
	ring->cq.khead = &memory->cq_head;
	ring->cq.ktail = &memory->cq_tail;
	ring->cq.cqes = memory->cqes;
	ring->sq.ring_entries = ring->cq.ring_entries = entries; /* a power of two */
	ring->sq.ring_mask = ring->cq.ring_mask = entries - 1;
	ring->sq.ring_ptr = memory;
	ring->ring_fd = -1;
	return 0;
}

void
sim_io_uring_queue_exit(struct io_uring *ring)
{
	struct sim_ring *memory = ring->sq.ring_ptr;

	sim_free(memory->sqes);
	sim_free(memory->cqes);
	sim_free(memory);
}

int
sim_io_uring_register(void)
{
	return chance_hits(world_chance(), world_faults()->ring_error) ? -EPERM : 0;
}

static int
write_entry(const struct io_uring_sqe *entry)
{
	struct file *file = process_file(entry->fd);
	ssize_t count;

	if (!file)
		return -EBADF;
	count = file->kind->write(file, (const void *)(uintptr_t)entry->addr, entry->len);
	return count < 0 ? -errno : (int)count;
}

int
sim_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait)
{
	struct sim_ring *memory = ring->sq.ring_ptr;
	unsigned error = world_faults()->ring_error;
	int count = 0;

	(void)wait; /* writes do not wait: all are answered at once */
	task_call();
	memory->sq_tail = ring->sq.sqe_tail;
	for (; memory->sq_head != memory->sq_tail; count++) {
		const struct io_uring_sqe *entry =
			&memory->sqes[memory->sq_head & ring->sq.ring_mask];
		struct io_uring_cqe *answer = &memory->cqes[memory->cq_tail & ring->cq.ring_mask];

		if (chance_hits(world_chance(), error))
			return count ? count : -EBUSY;
		memory->sq_head++;
		*answer = (struct io_uring_cqe){
			.user_data = entry->user_data, .res = write_entry(entry)};
		memory->cq_tail++;
		if (chance_hits(world_chance(), error))
			return -EINTR;
	}
	return count;
}

int
sim_socketpair(int domain, int type, int protocol, int fds[2])
{
	struct file *ends[2];

	(void)protocol;
	socket_pair(domain, type & SOCK_NONBLOCK ? O_NONBLOCK : 0, ends);
	fds[0] = process_fd(ends[0]);
	fds[1] = process_fd(ends[1]);
	return fds[1] < 0 ? -1 : 0;
}
