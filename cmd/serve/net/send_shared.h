#ifndef SERVE_NET_SEND_SHARED_H
#define SERVE_NET_SEND_SHARED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct block;

/*
 * Long sends of the same bytes to many sockets: the bytes are copied once, into pages that all
 * sockets then share (sendfile(2)), in place of once for each socket. If the system has no files in
 * memory, nothing is shared, and each connection sends by itself.
 */
struct send_shared;

/* Returns NULL if there is no such file to be had. */
struct send_shared *send_shared_open(void);
void send_shared_close(struct send_shared *shared); /* NULL does nothing */

#define SEND_SHARED_MIN ((size_t)32 << 10) /* bytes; a shorter send is not faster this way */

/*
 * Sends the bytes [from, to) of a block, from the front, on a non-blocking socket. Keeps a
 * reference to the block until send_shared_end(). Returns the number of bytes sent, or -errno.
 * -ENOBUFS: the block is not worth it, or there is no room: send the bytes in another way.
 */
ssize_t send_shared(
	struct send_shared *shared, int fd, struct block *block, uint32_t from, uint32_t to);

/* Forgets the blocks, and frees their pages when the last socket has sent them. */
void send_shared_end(struct send_shared *shared);

#endif
