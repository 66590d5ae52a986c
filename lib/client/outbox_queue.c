/*
 * The queue of an outbox: messages are added in the order of the input, and removed when they are
 * settled and those before them are.
 */
#include "client/outbox_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/json_edit.h"
#include "message/encode.h"

#define FIRST_ALLOWED 64 /* messages that a new connection gets at once */
#define BYTES_MAX (8u << 20) /* of bodies and receipts; a single message may be larger */

void
chat_outbox_init(struct outbox *outbox, const struct identity *identity, size_t window)
{
	*outbox = (struct outbox){.identity = identity, .window.most = window};
	outbox->window.allowed = window < FIRST_ALLOWED ? window : FIRST_ALLOWED;
	outbox->cap = 64;
	outbox->items = chat_alloc_zeroed(outbox->cap, sizeof(outbox->items[0]));
	chat_nonce_make_prefix(outbox->prefix);
}

static void
item_free(struct item *item)
{
	chat_draft_free(&item->draft);
	free(item->receipt);
	*item = (struct item){0};
}

void
chat_outbox_free(struct outbox *outbox)
{
	while (!chat_outbox_empty(outbox))
		chat_outbox_pop(outbox);
	free(outbox->items);
	free(outbox->nonces);
	outbox->items = NULL;
	outbox->nonces = NULL;
}

bool
chat_outbox_has_room(const struct outbox *outbox)
{
	return chat_outbox_empty(outbox) ||
		(outbox->next - outbox->first < outbox->window.most && outbox->bytes < BYTES_MAX);
}

bool
chat_outbox_waiting(const struct outbox *outbox)
{
	for (uint64_t n = outbox->unsent; n != outbox->next; n++)
		if (chat_outbox_item(outbox, n)->state == ITEM_WAITING)
			return true;
	return false;
}

/* Doubles the ring of items. */
static void
outbox_grow(struct outbox *outbox)
{
	size_t cap = outbox->cap * 2;
	struct item *items = chat_alloc_zeroed(cap, sizeof(items[0]));

	for (uint64_t n = outbox->first; n != outbox->next; n++)
		items[n & (cap - 1)] = *chat_outbox_item(outbox, n);
	free(outbox->items);
	outbox->items = items;
	outbox->cap = cap;
}

static struct item *
append_item(struct outbox *outbox, uint64_t line)
{
	struct item *item;

	if (outbox->next - outbox->first == outbox->cap)
		outbox_grow(outbox);
	item = chat_outbox_item(outbox, outbox->next);
	*item = (struct item){.line = line, .number = outbox->next++};
	return item;
}

void
chat_outbox_add(struct outbox *outbox, uint64_t line, struct draft *draft)
{
	struct item *item = append_item(outbox, line);

	item->draft = *draft;
	*draft = (struct draft){0};
	outbox->bytes += item->draft.len;
}

void
chat_outbox_tag(struct outbox *outbox, uint64_t tag)
{
	chat_outbox_item(outbox, outbox->next - 1)->tag = tag;
}

void
chat_outbox_add_settled(struct outbox *outbox, uint64_t line, struct draft *draft)
{
	uint64_t number = outbox->next;

	chat_outbox_add(outbox, line, draft);
	chat_outbox_item(outbox, number)->state = ITEM_ACCEPTED;
}

void
chat_outbox_receipt(struct outbox *outbox, struct item *item, struct chat_span json)
{
	struct chat_buf receipt = {0};
	char member[40];
	int len;

	len = snprintf(member, sizeof(member), "\"line\":%llu", (unsigned long long)item->line);
	if (item->line > 0)
		chat_json_edit_add(&receipt, json, (struct chat_span){member, (size_t)len});
	else
		chat_buf_append_span(&receipt, json);
	item->receipt = receipt.at;
	item->receipt_len = receipt.len;
	outbox->bytes += receipt.len;
}

void
chat_outbox_receipt_error(struct outbox *outbox, struct item *item, const struct chat_err *why)
{
	struct chat_buf json = {0};
	char *text = chat_encode_string(chat_span_of(why->text));
	char *field = chat_encode_string(chat_span_of(why->field));

	chat_buf_printf(&json, "{\"type\":\"error\",\"code\":\"%s\",\"message\":%s",
		chat_code_word(chat_code_wire(why->code)), text);
	if (why->field[0])
		chat_buf_printf(&json, ",\"field\":%s", field);
	chat_buf_append_string(&json, "}");
	chat_outbox_receipt(outbox, item, chat_buf_span(&json));
	chat_buf_free(&json);
	free(text);
	free(field);
}

void
chat_outbox_add_illegal(struct outbox *outbox, uint64_t line, const struct chat_err *why)
{
	struct item *item = append_item(outbox, line);

	item->state = ITEM_ILLEGAL;
	chat_outbox_receipt_error(outbox, item, why);
}

const struct item *
chat_outbox_settled(const struct outbox *outbox)
{
	const struct item *item;

	if (chat_outbox_empty(outbox))
		return NULL;
	item = chat_outbox_item(outbox, outbox->first);
	return item->state == ITEM_WAITING || item->state == ITEM_SENT ? NULL : item;
}

void
chat_outbox_pop(struct outbox *outbox)
{
	struct item *item = chat_outbox_item(outbox, outbox->first);

	outbox->bytes -= item->draft.len + item->receipt_len;
	item_free(item);
	outbox->first++;
	if (outbox->unsent < outbox->first)
		outbox->unsent = outbox->first;
	if (outbox->sent_end < outbox->first)
		outbox->sent_end = outbox->first;
}
