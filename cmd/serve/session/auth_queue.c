/* Sessions of barred addresses: one of each address at a time has its token checked. */
#include "serve/session/auth_queue.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "serve/util/memory.h"

#define MESSAGES_MAX_BYTES ((size_t)16 << 10) /* of one waiting session */

void
auth_queue_free(struct auth_queue *queue)
{
	fair_queue_free(&queue->waiting);
}

struct auth_wait *
auth_queue_push(struct auth_queue *queue, struct fair_lane *lane, struct session *session)
{
	struct auth_wait *wait = chat_alloc_zeroed(1, sizeof(*wait));

	wait->session = session;
	wait->lane = lane;
	queue->bytes += memory_cost(sizeof(*wait));
	fair_queue_push(&queue->waiting, lane, &wait->entry);
	return wait;
}

bool
auth_queue_keep(struct auth_queue *queue, struct auth_wait *wait, struct chat_span message)
{
	struct chat_buf *messages = &wait->messages;
	uint32_t len = (uint32_t)message.len;

	if (messages->len && messages->len + message.len > MESSAGES_MAX_BYTES)
		return false;
	queue->bytes -= messages->cap;
	chat_buf_append(messages, &len, sizeof(len));
	chat_buf_append_span(messages, message);
	queue->bytes += messages->cap;
	return true;
}

struct session *
auth_queue_pop(struct auth_queue *queue, struct chat_buf *messages)
{
	struct auth_wait *wait = (struct auth_wait *)fair_queue_pop(&queue->waiting);

	if (!wait)
		return NULL;
	fair_queue_charge(&queue->waiting, wait->lane, 1);
	*messages = wait->messages;
	wait->messages = (struct chat_buf){0};
	queue->bytes -= messages->cap;
	return wait->session;
}

bool
auth_queue_next_message(struct chat_span *messages, struct chat_span *message)
{
	uint32_t len;

	if (!messages->len)
		return false;
	memcpy(&len, messages->at, sizeof(len));
	*message = (struct chat_span){messages->at + sizeof(len), len};
	messages->at += sizeof(len) + len;
	messages->len -= sizeof(len) + len;
	return true;
}

void
auth_queue_remove(struct auth_queue *queue, struct auth_wait *wait)
{
	fair_queue_remove(&queue->waiting, &wait->entry);
	queue->bytes -= memory_cost(sizeof(*wait)) + wait->messages.cap;
	chat_buf_free(&wait->messages);
	free(wait);
}
