/* Between other threads and a loop: a list and one lock. */
#include "serve/util/mailbox.h"

struct letter *
mailbox_take(struct mailbox *mailbox)
{
	struct letter *letter;

	uv_mutex_lock(&mailbox->mutex);
	letter = mailbox->first;
	if (letter) {
		mailbox->first = letter->next;
		mailbox->bytes -= letter->bytes;
		uv_cond_broadcast(&mailbox->room);
	}
	uv_mutex_unlock(&mailbox->mutex);
	return letter;
}

static void
on_wake(uv_async_t *wake)
{
	struct mailbox *mailbox = wake->data;
	struct letter *letter;
	size_t done = 0;

	while (done < MAILBOX_TURN_BYTES && (letter = mailbox_take(mailbox))) {
		done += letter->bytes;
		mailbox->on_letter(mailbox->arg, letter);
	}
	if (done >= MAILBOX_TURN_BYTES)
		uv_async_send(wake); /* the next turn handles the rest */
}

void
mailbox_open(struct mailbox *mailbox, uv_loop_t *loop,
	void (*on_letter)(void *arg, struct letter *letter), void *arg)
{
	*mailbox = (struct mailbox){.on_letter = on_letter, .arg = arg};
	uv_mutex_init(&mailbox->mutex);
	uv_cond_init(&mailbox->room);
	uv_async_init(loop, &mailbox->wake, on_wake);
	mailbox->wake.data = mailbox;
}

bool
mailbox_post(struct mailbox *mailbox, struct letter *letter)
{
	bool closed, was_empty;

	letter->next = NULL;
	uv_mutex_lock(&mailbox->mutex);
	while (mailbox->bytes > MAILBOX_BYTES && !mailbox->closed)
		uv_cond_wait(&mailbox->room, &mailbox->mutex);
	closed = mailbox->closed;
	was_empty = !mailbox->first;
	if (!closed) {
		if (was_empty)
			mailbox->first = letter;
		else
			mailbox->last->next = letter;
		mailbox->last = letter;
		mailbox->bytes += letter->bytes;
		if (was_empty)
			uv_async_send(
				&mailbox->wake); /* under the lock: it is not closed meanwhile */
	}
	uv_mutex_unlock(&mailbox->mutex);
	return !closed;
}

void
mailbox_close(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->mutex);
	mailbox->closed = true;
	uv_cond_broadcast(&mailbox->room);
	uv_mutex_unlock(&mailbox->mutex);
	if (!uv_is_closing((uv_handle_t *)&mailbox->wake))
		uv_close((uv_handle_t *)&mailbox->wake, NULL);
}

void
mailbox_free(struct mailbox *mailbox)
{
	uv_mutex_destroy(&mailbox->mutex);
	uv_cond_destroy(&mailbox->room);
}
