#ifndef SERVE_UTIL_MAILBOX_H
#define SERVE_UTIL_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/*
 * Letters from other threads to a loop. They arrive in the order in which they were posted. A
 * thread that posts much more than the loop takes is made to wait.
 */
struct letter {
	struct letter *next; /* used by the mailbox */
	size_t bytes; /* the memory of the letter, about */
};

struct mailbox {
	uv_mutex_t mutex;
	uv_cond_t room; /* there is room again, or the mailbox is closed */
	uv_async_t wake;
	struct letter *first, *last;
	size_t bytes; /* of all letters */
	bool closed;
	void (*on_letter)(void *arg, struct letter *letter); /* on the loop; owns the letter */
	void *arg;
};

#define MAILBOX_BYTES ((size_t)16 << 20) /* above that, mailbox_post() waits */
#define MAILBOX_TURN_BYTES ((size_t)1 << 20) /* handled in one turn of the loop, about */

void mailbox_open(struct mailbox *mailbox, uv_loop_t *loop,
	void (*on_letter)(void *arg, struct letter *letter), void *arg);

/*
 * Posts a letter, from any thread but that of the loop. Returns false if the mailbox is closed:
 * then the letter is still the caller's.
 */
bool mailbox_post(struct mailbox *mailbox, struct letter *letter);

/* Lets nobody wait any more, and closes the handle on the loop. */
void mailbox_close(struct mailbox *mailbox);

/* Returns a letter that was not handled, or NULL. For the owner, after mailbox_close(). */
struct letter *mailbox_take(struct mailbox *mailbox);

/* Frees what the mailbox has, after the loop is closed. No thread may use it any more. */
void mailbox_free(struct mailbox *mailbox);

#endif
