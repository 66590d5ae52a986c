#ifndef SERVE_NET_SEND_BATCH_H
#define SERVE_NET_SEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Many sends in one system call, by io_uring(7). A message to two hundred members is two hundred
 * sends. Where the kernel has no ring for us there is no batch, and each connection sends by
 * itself.
 */
struct send_batch;

/* Returns a batch, or NULL when the kernel cannot do it. */
struct send_batch *send_batch_open(void);
void send_batch_close(struct send_batch *batch); /* NULL does nothing */

/*
 * Adds a send on a non-blocking socket. The bytes stay the caller's, and must not move until
 * send_batch_run(). Returns false when the batch is full.
 */
bool send_batch_add(struct send_batch *batch, int fd, const void *bytes, size_t len, void *arg);

/*
 * Does the sends, and calls on_sent for each of them, in any order, with the bytes sent or -errno.
 * Those that the kernel's ring does not take (EAGAIN, EBUSY, ENOMEM) are done one by one.
 */
void send_batch_run(struct send_batch *batch, void (*on_sent)(void *arg, ssize_t result));

#endif
