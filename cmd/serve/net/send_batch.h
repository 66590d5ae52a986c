#ifndef SERVE_NET_SEND_BATCH_H
#define SERVE_NET_SEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Many sends in one system call, by io_uring(7): what a message costs when it goes to two hundred
 * members is two hundred sends. Where the kernel gives no ring, there is no batch, and whoever
 * wanted one sends one by one.
 */
struct send_batch;

/* NULL: not to be had here. */
struct send_batch *send_batch_open(void);
void send_batch_close(struct send_batch *batch);

/*
 * Adds a send on a non-blocking socket; the bytes stay where they are until send_batch_run. False:
 * the batch is full.
 */
bool send_batch_add(struct send_batch *batch, int fd, const void *bytes, size_t len, void *arg);

/*
 * Sends them all. done is called for each, in any order, with the bytes sent or -errno. Where the
 * kernel takes no more at once (EAGAIN, EBUSY, ENOMEM of its own), they are sent one by one.
 */
void send_batch_run(struct send_batch *batch, void (*done)(void *arg, ssize_t result));

#endif
