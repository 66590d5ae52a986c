/*
 * What was said and not yet heard. This is what makes the exit status of chat-send true.
 */
#include "client/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/encode.h"
#include "client/receipt.h"
#include "client/seen.h"
#include "client/splice.h"

#define FIRST_ALLOWED 64 /* messages that a new connection gets at once */
#define LEAST_ALLOWED 8 /* however often the connection was lost */
#define BYTES_MAX (8u << 20) /* kept at a time, but for a single message */
#define NONCE_COUNTS 65536 /* as many as the widest window */
#define FORGOTTEN_MS 270000 /* servers remember nonces for 5 minutes; half of one to be sure */
#define RECOVERED_MS 30000 /* not told to slow down for so long: faster again */

void
outbox_init(struct outbox *outbox, const struct identity *identity, size_t window)
{
	*outbox = (struct outbox){.identity = identity, .window = window};
	outbox->allowed = window < FIRST_ALLOWED ? window : FIRST_ALLOWED;
	outbox->cap = 64;
	outbox->items = chat_alloc_zeroed(outbox->cap, sizeof(outbox->items[0]));
	nonce_make_prefix(outbox->prefix);
}

static void
item_free(struct item *item)
{
	draft_free(&item->draft);
	free(item->receipt);
	*item = (struct item){0};
}

void
outbox_free(struct outbox *outbox)
{
	while (!outbox_empty(outbox))
		outbox_pop(outbox);
	free(outbox->items);
	free(outbox->nonces);
	outbox->items = NULL;
	outbox->nonces = NULL;
}

bool
outbox_has_room(const struct outbox *outbox)
{
	return outbox_empty(outbox) ||
		(outbox->next - outbox->first < outbox->window && outbox->bytes < BYTES_MAX);
}

bool
outbox_waiting(const struct outbox *outbox)
{
	for (uint64_t n = outbox->unsent; n != outbox->next; n++)
		if (outbox_item(outbox, n)->state == ITEM_WAITING)
			return true;
	return false;
}

void
outbox_widen(struct outbox *outbox, size_t window)
{
	if (outbox->window < window)
		outbox->window = window;
	outbox->allowed = outbox->window;
	outbox->slowed = false;
}

static void
outbox_grow(struct outbox *outbox)
{
	size_t cap = outbox->cap * 2;
	struct item *items = chat_alloc_zeroed(cap, sizeof(items[0]));

	for (uint64_t n = outbox->first; n != outbox->next; n++)
		items[n & (cap - 1)] = *outbox_item(outbox, n);
	free(outbox->items);
	outbox->items = items;
	outbox->cap = cap;
}

static struct item *
outbox_append(struct outbox *outbox, uint64_t line)
{
	struct item *item;

	if (outbox->next - outbox->first == outbox->cap)
		outbox_grow(outbox);
	item = outbox_item(outbox, outbox->next);
	*item = (struct item){.line = line, .number = outbox->next++};
	return item;
}

void
outbox_add(struct outbox *outbox, uint64_t line, struct draft *draft)
{
	struct item *item = outbox_append(outbox, line);

	item->draft = *draft;
	*draft = (struct draft){0};
	outbox->bytes += item->draft.len;
}

void
outbox_add_settled(struct outbox *outbox, uint64_t line, struct draft *draft)
{
	uint64_t number = outbox->next;

	outbox_add(outbox, line, draft);
	outbox_item(outbox, number)->state = ITEM_ACCEPTED;
}

void
outbox_receipt(struct outbox *outbox, struct item *item, struct chat_span json)
{
	struct chat_buf receipt = {0};
	char member[40];
	int len;

	len = snprintf(member, sizeof(member), "\"line\":%llu", (unsigned long long)item->line);
	if (item->line > 0)
		splice_member(&receipt, json, (struct chat_span){member, (size_t)len});
	else
		chat_buf_append_span(&receipt, json);
	item->receipt = receipt.at;
	item->receipt_len = receipt.len;
	outbox->bytes += receipt.len;
}

/* The same of an error of our own, in the shape of the server's. */
static void
item_receipt_error(struct outbox *outbox, struct item *item, const struct chat_err *why)
{
	struct chat_buf json = {0};
	char *text = chat_encode_string(chat_span_of(why->text));
	char *field = chat_encode_string(chat_span_of(why->field));

	chat_buf_printf(&json, "{\"type\":\"error\",\"code\":\"%s\",\"message\":%s",
		chat_code_word(chat_code_wire(why->code)), text);
	if (why->field[0])
		chat_buf_printf(&json, ",\"field\":%s", field);
	chat_buf_append_string(&json, "}");
	outbox_receipt(outbox, item, chat_buf_span(&json));
	chat_buf_free(&json);
	free(text);
	free(field);
}

void
outbox_add_illegal(struct outbox *outbox, uint64_t line, const struct chat_err *why)
{
	struct item *item = outbox_append(outbox, line);

	item->state = ITEM_ILLEGAL;
	item_receipt_error(outbox, item, why);
}

static uint16_t *
count_of_nonce(struct outbox *outbox, const struct item *item)
{
	if (!outbox->nonces)
		outbox->nonces = chat_alloc_zeroed(NONCE_COUNTS, sizeof(outbox->nonces[0]));
	return &outbox->nonces[seen_hash(&item->draft.nonce) % NONCE_COUNTS];
}

/*
 * Whether another one with its nonce is in flight. Its answer could not be told from ours, so that
 * is waited for.
 */
static bool
is_twin(struct outbox *outbox, const struct item *item)
{
	const struct item *other;

	if (!item->draft.has_nonce || *count_of_nonce(outbox, item) == 0)
		return false;
	for (uint64_t n = outbox->first; n != outbox->unsent; n++) {
		other = outbox_item(outbox, n);
		if (other->state == ITEM_SENT && other->draft.has_nonce &&
			receipt_string_equal(&other->draft.nonce, &item->draft.nonce))
			return true;
	}
	return false;
}

static void
take_off(struct outbox *outbox, struct item *item, int64_t now_ms)
{
	item->state = ITEM_SENT;
	item->sent_ms = item->sent_ms ? item->sent_ms : now_ms;
	outbox->in_flight++;
	if (item->draft.has_nonce)
		++*count_of_nonce(outbox, item);
}

void
outbox_land(struct outbox *outbox, struct item *item, enum item_state state)
{
	item->state = state;
	outbox->in_flight--;
	outbox->blocked = false;
	if (item->draft.has_nonce)
		--*count_of_nonce(outbox, item);
}

/* It goes with a message where the server knows what it is; the user's own always does. */
static void
item_wire(const struct outbox *outbox, const struct item *item, struct chat_buf *wire)
{
	char nonce[NONCE_SIZE];

	nonce_write(nonce, outbox->prefix, item->number, item->draft.hops);
	draft_wire(&item->draft, outbox->ack == ACK_NONCE && !item->draft.has_nonce ? nonce : NULL,
		outbox->here, wire);
}

/* An answer has one program more than what it answers, unless its line says another number. */
static void
item_follow(const struct outbox *outbox, struct item *item)
{
	struct draft *draft = &item->draft;
	unsigned hops;

	if (!draft->has_reply_to || draft->has_hops)
		return;
	hops = via_hops_after(lineage_hops(&outbox->lineage, &draft->reply_to));
	if (draft->hops > 0 && draft->hops < hops)
		draft->hops = hops;
}

/* Longer than the server reads: it would close the connection and never say why. */
static bool
item_too_large(struct outbox *outbox, struct item *item, size_t wire_bytes)
{
	struct chat_err why;

	if (outbox->max_message_bytes == 0 || wire_bytes <= outbox->max_message_bytes)
		return false;
	chat_fail(&why, CHAT_TOO_LARGE, "%zu bytes, the server takes %zu", wire_bytes,
		outbox->max_message_bytes);
	item->state = ITEM_ILLEGAL;
	item_receipt_error(outbox, item, &why);
	return true;
}

int
outbox_send_next(struct outbox *outbox, int64_t now_ms, struct chat_buf *wire)
{
	size_t before = wire->len;
	struct item *item;

	if (outbox->slowed && now_ms > outbox->pause_until_ms + RECOVERED_MS)
		outbox->slowed = false;
	if (outbox->ack == ACK_AUTO || now_ms < outbox->pause_until_ms ||
		outbox->in_flight >= outbox->allowed)
		return 0;
	for (; outbox->unsent != outbox->next; outbox->unsent++) {
		item = outbox_item(outbox, outbox->unsent);
		if (item->state != ITEM_WAITING)
			continue;
		if (draft_has_been(&item->draft, outbox->here)) {
			item->state = ITEM_LOOPED;
			continue;
		}
		outbox->blocked = is_twin(outbox, item);
		if (outbox->blocked)
			return 0;
		item_follow(outbox, item);
		item_wire(outbox, item, wire);
		if (item_too_large(outbox, item, wire->len - before)) {
			wire->len = before;
			continue;
		}
		take_off(outbox, item, now_ms);
		outbox->unsent++;
		return 1;
	}
	return 0;
}

int64_t
outbox_wake_ms(const struct outbox *outbox)
{
	bool ready = outbox->unsent != outbox->next && outbox->in_flight < outbox->allowed &&
		!outbox->blocked;

	return ready ? outbox->pause_until_ms : INT64_MAX;
}

int64_t
outbox_barred_ms(const struct outbox *outbox, int64_t *until_ms)
{
	*until_ms = outbox->pause_until_ms;
	return outbox->barred_ms;
}

struct item *
outbox_oldest_sent(const struct outbox *outbox)
{
	for (uint64_t n = outbox->first; n != outbox->unsent; n++)
		if (outbox_item(outbox, n)->state == ITEM_SENT)
			return outbox_item(outbox, n);
	return NULL;
}

void
outbox_settle(
	struct outbox *outbox, struct item *item, enum item_state state, struct chat_span text)
{
	outbox_land(outbox, item, state);
	outbox->barred_ms = 0;
	if (state == ITEM_REFUSED) {
		outbox_receipt(outbox, item, text);
	} else if (text.len > 0) {
		item->receipt = chat_strndup(text.at, text.len);
		item->receipt_len = text.len;
		outbox->bytes += text.len;
	}
	if (!outbox->slowed && outbox->allowed < outbox->window)
		outbox->allowed++;
}

/* Everything that is sent gets another state. */
static void
settle_sent(struct outbox *outbox, enum item_state state)
{
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (outbox_item(outbox, n)->state == ITEM_SENT)
			outbox_settle(outbox, outbox_item(outbox, n), state, (struct chat_span){0});
}

void
outbox_closed(struct outbox *outbox)
{
	settle_sent(outbox, ITEM_PASSED);
}

static void
send_again(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms)
{
	struct item *item;

	for (uint64_t n = outbox->first; n != outbox->unsent; n++) {
		item = outbox_item(outbox, n);
		if (item->state != ITEM_SENT)
			continue;
		if (!complete && (forgetful || now_ms - item->sent_ms > FORGOTTEN_MS)) {
			outbox_settle(outbox, item, ITEM_UNKNOWN, (struct chat_span){0});
			continue;
		}
		outbox_land(outbox, item, ITEM_WAITING);
	}
	outbox->unsent = outbox->first;
}

void
outbox_rejoined(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms)
{
	outbox->pause_until_ms = 0;
	if (outbox->ack == ACK_NONCE)
		send_again(outbox, complete, forgetful, now_ms);
	else
		settle_sent(outbox, ITEM_UNKNOWN);
}

void
outbox_lost(struct outbox *outbox)
{
	if (outbox->ack == ACK_CLOSE)
		return;
	outbox->allowed /= 2;
	if (outbox->allowed < LEAST_ALLOWED)
		outbox->allowed = outbox->window < LEAST_ALLOWED ? outbox->window : LEAST_ALLOWED;
	if (outbox->slowed)
		outbox->allowed = 1;
}

bool
outbox_needs_history(const struct outbox *outbox, int64_t now_ms)
{
	const struct item *oldest = outbox_oldest_sent(outbox);

	return oldest && now_ms - oldest->sent_ms > FORGOTTEN_MS / 2;
}

void
outbox_give_up(struct outbox *outbox)
{
	settle_sent(outbox, ITEM_UNKNOWN);
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (outbox_item(outbox, n)->state == ITEM_WAITING)
			outbox_item(outbox, n)->state = ITEM_UNSENT;
}

const struct item *
outbox_settled(const struct outbox *outbox)
{
	const struct item *item;

	if (outbox_empty(outbox))
		return NULL;
	item = outbox_item(outbox, outbox->first);
	return item->state == ITEM_WAITING || item->state == ITEM_SENT ? NULL : item;
}

void
outbox_pop(struct outbox *outbox)
{
	struct item *item = outbox_item(outbox, outbox->first);

	outbox->bytes -= item->draft.len + item->receipt_len;
	item_free(item);
	outbox->first++;
	if (outbox->unsent < outbox->first)
		outbox->unsent = outbox->first;
}
