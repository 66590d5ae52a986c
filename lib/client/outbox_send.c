/* The next message that an outbox sends, when it may, and what goes on the wire. */
#include "client/outbox_private.h"

#include "client/match.h"
#include "text/err.h"

#define NONCE_COUNTS 65536 /* hashes of nonces; as many as the widest window */
#define RECOVERED_MS 30000 /* without "slower" from the server; then there is a window again */

uint16_t *
chat_outbox_nonce_count(struct outbox *outbox, const struct item *item)
{
	if (!outbox->nonces)
		outbox->nonces = chat_alloc_zeroed(NONCE_COUNTS, sizeof(outbox->nonces[0]));
	return &outbox->nonces[chat_seen_hash(&item->draft.nonce) % NONCE_COUNTS];
}

/*
 * Returns true if a message with the same nonce is in flight. The answers could not be told apart,
 * so the second message waits for the answer to the first one.
 */
static bool
is_twin(struct outbox *outbox, const struct item *item)
{
	const struct item *other;

	if (!item->draft.has_nonce || *chat_outbox_nonce_count(outbox, item) == 0)
		return false;
	for (uint64_t n = outbox->first; n != outbox->sent_end; n++) {
		other = chat_outbox_item(outbox, n);
		if (other->state == ITEM_SENT && other->draft.has_nonce &&
			chat_match_string(&other->draft.nonce, &item->draft.nonce))
			return true;
	}
	return false;
}

static void
mark_sent(struct outbox *outbox, struct item *item, int64_t now_ms)
{
	item->state = ITEM_SENT;
	item->sent_ms = item->sent_ms ? item->sent_ms : now_ms;
	outbox->in_flight++;
	if (outbox->sent_end <= item->number)
		outbox->sent_end = item->number + 1;
	if (item->draft.has_nonce)
		++*chat_outbox_nonce_count(outbox, item);
}

/* Appends the frame text of an item. It gets a nonce if the server knows nonces and it has none. */
static void
item_wire(const struct outbox *outbox, const struct item *item, struct chat_buf *wire)
{
	char nonce[NONCE_SIZE];

	chat_nonce_write(nonce, outbox->prefix, item->number, item->draft.hops);
	chat_draft_wire(&item->draft,
		outbox->ack == ACK_NONCE && !item->draft.has_nonce ? nonce : NULL, outbox->here,
		wire);
}

/* The hops of an answer are at least one more than those of the message that it answers. */
static void
set_hops(const struct outbox *outbox, struct item *item)
{
	struct draft *draft = &item->draft;
	unsigned hops;

	if (!draft->has_reply_to || draft->has_hops)
		return;
	hops = chat_via_hops_after(chat_recent_hops_find(&outbox->recent_hops, &draft->reply_to));
	if (draft->hops > 0 && draft->hops < hops)
		draft->hops = hops;
}

/* Refuses a message that is too long for the server, which would only close the connection. */
static bool
refuse_too_large(struct outbox *outbox, struct item *item, size_t wire_bytes)
{
	struct chat_err why;

	if (outbox->server.max_message_bytes == 0 || wire_bytes <= outbox->server.max_message_bytes)
		return false;
	chat_fail(&why, CHAT_TOO_LARGE, "%zu bytes, the server takes %zu", wire_bytes,
		outbox->server.max_message_bytes);
	item->state = ITEM_ILLEGAL;
	chat_outbox_receipt_error(outbox, item, &why);
	return true;
}

int
chat_outbox_send_next(struct outbox *outbox, int64_t now_ms, struct chat_buf *wire)
{
	size_t before = wire->len;
	struct item *item;

	if (outbox->window.slowed && now_ms > outbox->window.pause_until_ms + RECOVERED_MS)
		outbox->window.slowed = false;
	if (outbox->ack == ACK_AUTO || now_ms < outbox->window.pause_until_ms ||
		outbox->in_flight >= outbox->window.allowed)
		return 0;
	for (; outbox->unsent != outbox->next; outbox->unsent++) {
		item = chat_outbox_item(outbox, outbox->unsent);
		if (item->state != ITEM_WAITING)
			continue;
		if (chat_draft_has_been(&item->draft, outbox->here)) {
			item->state = ITEM_LOOPED;
			continue;
		}
		outbox->blocked = is_twin(outbox, item);
		if (outbox->blocked)
			return 0;
		set_hops(outbox, item);
		item_wire(outbox, item, wire);
		if (refuse_too_large(outbox, item, wire->len - before)) {
			wire->len = before;
			continue;
		}
		mark_sent(outbox, item, now_ms);
		outbox->unsent++;
		return 1;
	}
	return 0;
}

int64_t
chat_outbox_wake_ms(const struct outbox *outbox)
{
	bool ready = outbox->unsent != outbox->next && outbox->in_flight < outbox->window.allowed &&
		!outbox->blocked;

	return ready ? outbox->window.pause_until_ms : INT64_MAX;
}

int64_t
chat_outbox_barred_ms(const struct outbox *outbox, int64_t *until_ms)
{
	*until_ms = outbox->window.pause_until_ms;
	return outbox->window.barred_ms;
}
