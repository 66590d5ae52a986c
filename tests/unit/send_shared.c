/*
 * Pages that sockets share: each peer gets the bytes of the block that was sent to it, also when
 * the next ticks have shared others before it reads.
 */
#include "serve/net/send_shared.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/frame/block.h"
#include "tap.h"

#define PEERS 20
#define BLOCK_BYTES 100003 /* ends within a page */
#define TICKS 12

/* A connection over TCP on this machine. */
struct pair {
	int fd, peer_fd;
	size_t sent, got; /* bytes, of all ticks */
};

static struct pair pairs[PEERS];

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
open_pairs(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(listener, (struct sockaddr *)&address, len) == 0 &&
		listen(listener, PEERS) == 0 &&
		getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	for (int i = 0; i < PEERS; i++) {
		pairs[i].peer_fd = socket(AF_INET, SOCK_STREAM, 0);
		must(connect(pairs[i].peer_fd, (struct sockaddr *)&address, len) == 0);
		pairs[i].fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		must(pairs[i].fd >= 0);
	}
	close(listener);
}

/* The byte of this place in the stream that every peer gets: no two ticks have the same. */
static char
byte_at(size_t at)
{
	return (char)(at / BLOCK_BYTES * 13 + at % 251);
}

/* A block of a tick, which PEERS queues have. */
static struct block *
make_block(unsigned tick)
{
	struct block *block = block_new(BLOCK_BYTES);

	block->len = BLOCK_BYTES;
	block->queued = PEERS;
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		block->bytes[i] = byte_at((size_t)tick * BLOCK_BYTES + i);
	return block;
}

/* Reads what has come; returns true if it is what was sent. */
static bool
hear(struct pair *pair)
{
	char bytes[65536];
	ssize_t count;

	while ((count = recv(pair->peer_fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < count; i++)
			if (bytes[i] != byte_at(pair->got++))
				return false;
	return true;
}

/* Sends the rest of a block to a peer, which reads when its socket is full. */
static bool
send_rest(struct send_shared *shared, struct pair *pair, struct block *block, unsigned tick)
{
	size_t end = ((size_t)tick + 1) * BLOCK_BYTES;

	while (pair->sent < end) {
		uint32_t from = (uint32_t)(pair->sent % BLOCK_BYTES);
		ssize_t count = send_shared(shared, pair->fd, block, from, BLOCK_BYTES);

		if (count == -EAGAIN && hear(pair))
			continue;
		if (count <= 0)
			return false;
		pair->sent += (size_t)count;
	}
	return true;
}

static void
test_ticks(struct send_shared *shared)
{
	bool sent = true, same = true;

	for (unsigned tick = 0; tick < TICKS; tick++) {
		struct block *block = make_block(tick);

		for (int i = 0; i < PEERS; i++)
			sent &= send_rest(shared, &pairs[i], block, tick);
		is_int(block->refs, 2, "tick %u: the block is kept", tick);
		send_shared_end(shared);
		is_int(block->refs, 1, "tick %u: and given back", tick);
		memset(block->bytes, 'x', BLOCK_BYTES);
		block_unref(block);
	}
	ok(sent, "all is sent");
	for (int i = 0; i < PEERS; i++) {
		shutdown(pairs[i].fd, SHUT_WR);
		while (pairs[i].got < pairs[i].sent && same)
			same = hear(&pairs[i]);
	}
	ok(same, "every peer gets the bytes of each tick, though it reads late");
}

static void
test_not_worth_it(struct send_shared *shared)
{
	struct block *block = make_block(0);

	block->queued = 3;
	is_int(send_shared(shared, pairs[0].fd, block, 0, BLOCK_BYTES), -ENOBUFS,
		"a block of few queues is not shared");
	is_int(block->refs, 1, "and not kept");
	block_unref(block);
}

/* Blocks without end in one tick: some are not shared. */
static void
test_bounded(struct send_shared *shared)
{
	struct block *blocks[40];
	int refused = 0, closed = dup(pairs[0].peer_fd);

	close(closed);
	for (int i = 0; i < 40; i++) {
		blocks[i] = make_block(0);
		refused += send_shared(shared, closed, blocks[i], 0, BLOCK_BYTES) == -ENOBUFS;
	}
	ok(refused > 0 && refused < 40, "the blocks of a tick are bounded: %d of 40 are refused",
		refused);
	send_shared_end(shared);
	for (int i = 0; i < 40; i++) {
		must(blocks[i]->refs == 1);
		block_unref(blocks[i]);
	}
}

/* Nothing is shared if files may not be as long. */
static void
test_no_room(struct send_shared *shared)
{
	struct rlimit small = {.rlim_cur = 4096}, before;
	struct block *block = make_block(0);

	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN); /* as the server does */
	setrlimit(RLIMIT_FSIZE, &small);
	is_int(send_shared(shared, pairs[0].fd, block, 0, BLOCK_BYTES), -ENOBUFS,
		"a block that the file has no room for is not shared");
	setrlimit(RLIMIT_FSIZE, &before);
	is_int(block->refs, 1, "and not kept");
	send_shared_end(shared);
	block_unref(block);
}

int
main(void)
{
	struct send_shared *shared = send_shared_open();

	if (!shared)
		return ok(true, "there are no files in memory here # SKIP"), done();
	open_pairs();
	test_ticks(shared);
	test_not_worth_it(shared);
	test_bounded(shared);
	test_no_room(shared);
	send_shared_close(shared);
	return done();
}
