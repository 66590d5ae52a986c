#ifndef SERVE_NET_SEND_BATCH_H
#define SERVE_NET_SEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Many sends in one system call, with io_uring(7): a message to two hundred members is two hundred
 * sends. If the kernel has no usable io_uring, there is no batch, and each connection sends alone.
 */
struct send_batch;

/* Returns an empty batch, or NULL if the kernel has no usable io_uring. */
struct send_batch *send_batch_open(void);

/*
 * The same in two steps, for a batch of another thread: send_batch_prepare() on any thread, where a
 * call of send_batch_open() has succeeded; send_batch_enable() on the thread that uses the batch,
 * before its first use. If that returns false, only send_batch_close() may follow.
 */
struct send_batch *send_batch_prepare(void);
bool send_batch_enable(struct send_batch *batch);

void send_batch_close(struct send_batch *batch); /* NULL does nothing */

/*
 * Adds a send on a non-blocking socket. The bytes must stay valid and fd open until
 * send_batch_run(). Returns false if the batch is full.
 */
bool send_batch_add(struct send_batch *batch, int fd, const void *bytes, size_t len, void *arg);

/*
 * Runs the sends, and empties the batch. Calls on_sent for each send, in any order, with its arg
 * and the bytes sent or -errno. If the ring does not accept a send, it is done alone.
 */
void send_batch_run(struct send_batch *batch, void (*on_sent)(void *arg, ssize_t result));

#endif
