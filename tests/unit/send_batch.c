/*
 * Sends by the ring where the kernel refuses: out of memory, too much on its way, a signal, a part
 * of what it was given. Every send happens once, in the order of its socket, and is answered once.
 */
#include "serve/net/send_batch.h"

#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define SOCKETS 200
#define ROUNDS 50

/* The kernel's part, played by the test. */
enum mood { WILLING, REFUSES, TAKES_SOME, TAKES_ALL };

static struct {
	enum mood mood;
	int error;
	unsigned calls;
} kernel;

/* Hands over so many of what is in the ring, as io_uring_submit would. */
static void
take_some(struct io_uring *ring, unsigned count)
{
	struct io_uring_sq *queue = &ring->sq;

	queue->sqe_head = queue->sqe_tail;
	io_uring_smp_store_release(queue->ktail, queue->sqe_tail);
	if (syscall(SYS_io_uring_enter, ring->ring_fd, count, 0, 0, NULL, 0) != (long)count)
		abort();
}

int
io_uring_submit_and_wait(struct io_uring *ring, unsigned wait)
{
	int (*real)(struct io_uring *, unsigned) =
		(int (*)(struct io_uring *, unsigned))dlsym(RTLD_NEXT, "io_uring_submit_and_wait");

	kernel.calls++;
	if (kernel.mood == WILLING)
		return real(ring, wait);
	if (kernel.mood == TAKES_SOME && kernel.calls % 2 == 1) {
		take_some(ring, io_uring_sq_ready(ring) / 2);
		return (int)wait / 2;
	}
	if (kernel.mood == TAKES_ALL)
		take_some(ring, io_uring_sq_ready(ring));
	if (kernel.error == -EINTR && kernel.calls % 3 == 0)
		return real(ring, wait);
	return kernel.error;
}

struct peer {
	int fd, peer_fd;
	unsigned answers;
	ssize_t result;
};

static struct peer peers[SOCKETS];

static void
note(void *arg, ssize_t result)
{
	struct peer *peer = arg;

	peer->answers++;
	peer->result = result;
}

static void
add_all(struct send_batch *batch, const char *bytes)
{
	for (size_t i = 0; i < SOCKETS; i++) {
		peers[i].answers = 0;
		if (!send_batch_add(batch, peers[i].fd, bytes, strlen(bytes), &peers[i]))
			abort();
	}
}

/* Returns true when each send was answered once with this result, and these bytes have come. */
static bool
all_have(ssize_t result, const char *bytes)
{
	char got[100] = {0};
	bool right = true;

	for (size_t i = 0; i < SOCKETS; i++) {
		ssize_t count = recv(peers[i].peer_fd, got, sizeof(got), MSG_DONTWAIT);

		right &= peers[i].answers == 1 && peers[i].result == result;
		right &= count == (ssize_t)strlen(bytes) && memcmp(got, bytes, (size_t)count) == 0;
	}
	return right;
}

static void
test_mood(struct send_batch *batch, enum mood mood, int error, const char *name)
{
	char bytes[40];
	bool right = true;

	kernel.mood = mood;
	kernel.error = error;
	for (int i = 0; i < ROUNDS && right; i++) {
		snprintf(bytes, sizeof(bytes), "round %d", i);
		add_all(batch, bytes);
		send_batch_run(batch, note);
		right = all_have((ssize_t)strlen(bytes), bytes);
	}
	ok(right, "%s: each is sent once and answered once", name);
}

/* A socket without room is told so, by whichever way, and nothing waits for it. */
static void
test_no_room(struct send_batch *batch, enum mood mood, const char *name)
{
	static const char much[1 << 16];
	struct peer *full = &peers[0];
	char got[1 << 16];

	kernel.mood = mood;
	kernel.error = -EAGAIN;
	while (send(full->fd, much, sizeof(much), MSG_DONTWAIT) > 0)
		continue;
	add_all(batch, "hi");
	send_batch_run(batch, note);
	is_int(full->result, -EAGAIN, "%s: a full socket takes nothing, and is not waited for",
		name);
	is_int(peers[1].result, 2, "%s: the others do", name);
	while (recv(full->peer_fd, got, sizeof(got), MSG_DONTWAIT) > 0)
		continue;
	for (size_t i = 1; i < SOCKETS; i++)
		recv(peers[i].peer_fd, got, sizeof(got), MSG_DONTWAIT);
}

static void
test_taken(struct send_batch *batch)
{
	char got[100];
	bool once = true;

	kernel.mood = TAKES_ALL;
	kernel.error = -ENOMEM;
	add_all(batch, "taken");
	send_batch_run(batch, note);
	for (size_t i = 0; i < SOCKETS; i++) {
		once &= peers[i].answers == 1;
		recv(peers[i].peer_fd, got, sizeof(got), MSG_DONTWAIT);
	}
	ok(once, "all is taken, then ENOMEM: each is answered once");
}

int
main(void)
{
	struct send_batch *batch = send_batch_open();

	if (!batch) {
		printf("1..0 # SKIP the kernel has no ring, or no writes that never wait\n");
		return 0;
	}
	for (size_t i = 0; i < SOCKETS; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0)
			abort();
		peers[i] = (struct peer){.fd = fds[0], .peer_fd = fds[1]};
	}
	test_mood(batch, WILLING, 0, "a willing kernel");
	test_mood(batch, REFUSES, -EAGAIN, "EAGAIN");
	test_mood(batch, REFUSES, -EBUSY, "EBUSY");
	test_mood(batch, REFUSES, -ENOMEM, "ENOMEM");
	test_mood(batch, REFUSES, -EINTR, "EINTR, twice of three times");
	test_mood(batch, TAKES_SOME, -EAGAIN, "half is taken, then EAGAIN");
	test_mood(batch, TAKES_SOME, -ENOMEM, "half is taken, then ENOMEM");
	test_mood(batch, WILLING, 0, "and again a willing kernel");
	test_no_room(batch, WILLING, "by the ring");
	test_no_room(batch, REFUSES, "one by one");
	test_taken(batch);
	test_mood(batch, WILLING, 0, "at the end");
	send_batch_close(batch);
	return done();
}
