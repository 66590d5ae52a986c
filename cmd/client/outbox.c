/*
 * What was said and not yet heard. This is what makes the exit status of chat-send true.
 */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "splice.h"

#define FIRST_ALLOWED 64 /* messages that a new connection gets at once */
#define LEAST_ALLOWED 8 /* however often the connection was lost */
#define BYTES_MAX (8u << 20) /* kept at a time, but for a single message */
#define FORGOTTEN_MS 270000 /* servers remember nonces for 5 minutes; half of one to be sure */
#define RETRY_AFTER_MS 1000 /* where the server says slower and not how long */
#define RECOVERED_MS 30000 /* not told to slow down for so long: faster again */
#define RETRY_AFTER_MOST_MS 600000

void
outbox_init(struct outbox *outbox, const struct identity *identity, size_t window)
{
	*outbox = (struct outbox){.identity = identity, .window = window};
	outbox->allowed = window < FIRST_ALLOWED ? window : FIRST_ALLOWED;
	outbox->cap = 64;
	outbox->items = chat_alloc_zeroed(outbox->cap, sizeof outbox->items[0]);
	nonce_make_prefix(outbox->prefix);
}

static struct item *
item_at(const struct outbox *outbox, uint64_t number)
{
	return &outbox->items[number & (outbox->cap - 1)];
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
	outbox->items = NULL;
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
		if (item_at(outbox, n)->state == ITEM_WAITING)
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
	struct item *items = chat_alloc_zeroed(cap, sizeof items[0]);

	for (uint64_t n = outbox->first; n != outbox->next; n++)
		items[n & (cap - 1)] = *item_at(outbox, n);
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
	item = item_at(outbox, outbox->next);
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

/* The receipt of an item that ends here: json, and where its line is known that. */
static void
item_receipt(struct outbox *outbox, struct item *item, struct chat_span json)
{
	struct chat_buf receipt = {0};
	char member[40];
	int len;

	len = snprintf(member, sizeof member, "\"line\":%llu", (unsigned long long)item->line);
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
	item_receipt(outbox, item, chat_buf_span(&json));
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

/* It goes with a message where the server knows what it is; the user's own always does. */
static void
item_wire(const struct outbox *outbox, const struct item *item, struct chat_buf *wire)
{
	char nonce[NONCE_SIZE];

	nonce_write(nonce, outbox->prefix, item->number, item->draft.hops);
	draft_wire(&item->draft, outbox->ack == ACK_NONCE && !item->draft.has_nonce ? nonce : NULL,
		wire);
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
		item = item_at(outbox, outbox->unsent);
		if (item->state != ITEM_WAITING)
			continue;
		item_wire(outbox, item, wire);
		if (item_too_large(outbox, item, wire->len - before)) {
			wire->len = before;
			continue;
		}
		item->state = ITEM_SENT;
		item->sent_ms = item->sent_ms ? item->sent_ms : now_ms;
		outbox->in_flight++;
		outbox->unsent++;
		return 1;
	}
	return 0;
}

int64_t
outbox_wake_ms(const struct outbox *outbox)
{
	bool ready = outbox->unsent != outbox->next && outbox->in_flight < outbox->allowed;

	return ready ? outbox->pause_until_ms : INT64_MAX;
}

int64_t
outbox_barred_ms(const struct outbox *outbox, int64_t *until_ms)
{
	*until_ms = outbox->pause_until_ms;
	return outbox->barred_ms;
}

/* The number in a nonce that was made here; false for others. */
static bool
own_number(const struct outbox *outbox, const struct chat_json_value *value, uint64_t *number)
{
	struct nonce nonce;

	if (!nonce_read(&nonce, value) ||
		!chat_span_equal(nonce.prefix, chat_span_of(outbox->prefix)))
		return false;
	*number = nonce.number;
	return true;
}

/* Whether two string values mean the same. */
static bool
string_equal(const struct chat_json_value *a, const struct chat_json_value *b)
{
	char *string;
	size_t len;
	bool equal;

	if (!a->escaped)
		return chat_json_string_is(b, chat_json_inside(a));
	string = chat_alloc(a->raw.len);
	len = chat_json_unescape(a, string, a->raw.len);
	equal = chat_json_string_is(b, (struct chat_span){string, len});
	free(string);
	return equal;
}

/* The item that waits for this nonce. */
static struct item *
find_by_nonce(const struct outbox *outbox, const struct chat_json_value *nonce)
{
	struct item *item;
	uint64_t number;

	if (own_number(outbox, nonce, &number)) {
		if (number < outbox->first || number >= outbox->next)
			return NULL;
		item = item_at(outbox, number);
		return item->state == ITEM_SENT && !item->draft.has_nonce ? item : NULL;
	}
	for (uint64_t n = outbox->first; n != outbox->unsent; n++) {
		item = item_at(outbox, n);
		if (item->state == ITEM_SENT && item->draft.has_nonce &&
			string_equal(&item->draft.nonce, nonce))
			return item;
	}
	return NULL;
}

static struct item *
find_oldest_sent(const struct outbox *outbox)
{
	for (uint64_t n = outbox->first; n != outbox->unsent; n++)
		if (item_at(outbox, n)->state == ITEM_SENT)
			return item_at(outbox, n);
	return NULL;
}

/* What a plain server makes of a file's content is its own affair: its sender is enough. */
static struct item *
find_by_content(const struct outbox *outbox, const struct chat_json_value *content)
{
	struct item *item;

	for (uint64_t n = outbox->first; n != outbox->unsent; n++) {
		item = item_at(outbox, n);
		if (item->state == ITEM_SENT &&
			(item->draft.type == CHAT_TYPE_FILE ||
				string_equal(&item->draft.text, content)))
			return item;
	}
	return NULL;
}

/* What came, on one line. */
static void
settle(struct outbox *outbox, struct item *item, enum item_state state, struct chat_span text)
{
	item->state = state;
	outbox->in_flight--;
	outbox->barred_ms = 0;
	if (state == ITEM_REFUSED) {
		item_receipt(outbox, item, text);
	} else if (text.len > 0) {
		item->receipt = chat_strndup(text.at, text.len);
		item->receipt_len = text.len;
		outbox->bytes += text.len;
	}
	if (!outbox->slowed && outbox->allowed < outbox->window)
		outbox->allowed++;
}

static bool
receive_message(struct outbox *outbox, const struct chat_msg *msg, struct chat_span text)
{
	struct item *item = NULL;

	if (!identity_owns(outbox->identity, msg))
		return false;
	if (chat_msg_has(msg, CHAT_SLOT_NONCE))
		item = find_by_nonce(outbox, &msg->value[CHAT_SLOT_NONCE]);
	else if (outbox->ack == ACK_ECHO || outbox->ack == ACK_CLOSE)
		item = find_by_content(outbox, &msg->value[CHAT_SLOT_CONTENT]);
	if (!item)
		return false;
	outbox->echoed = true;
	settle(outbox, item, ITEM_ACCEPTED, text);
	return true;
}

/* The server says when to try this one again: slower from now on, one at a time. */
static void
try_again(struct outbox *outbox, struct item *item, int64_t after_ms, int64_t now_ms)
{
	item->state = ITEM_WAITING;
	outbox->in_flight--;
	outbox->slowed = true;
	if (outbox->barred_ms == 0)
		outbox->barred_ms = now_ms;
	outbox->allowed = 1;
	if (item->number < outbox->unsent)
		outbox->unsent = item->number;
	if (after_ms < 1)
		after_ms = 1;
	if (after_ms > RETRY_AFTER_MOST_MS)
		after_ms = RETRY_AFTER_MOST_MS;
	if (outbox->pause_until_ms < now_ms + after_ms)
		outbox->pause_until_ms = now_ms + after_ms;
}

static bool
receive_error(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms)
{
	struct item *item = NULL;
	int64_t after_ms = RETRY_AFTER_MS;
	bool later = chat_msg_has(msg, CHAT_SLOT_RETRY_AFTER);

	if (chat_msg_has(msg, CHAT_SLOT_NONCE))
		item = find_by_nonce(outbox, &msg->value[CHAT_SLOT_NONCE]);
	else if (outbox->ack == ACK_ECHO)
		item = find_oldest_sent(outbox);
	if (!item)
		return false;
	if (later)
		chat_json_int64(msg->value[CHAT_SLOT_RETRY_AFTER].raw, &after_ms);
	later |= chat_json_string_is(&msg->value[CHAT_SLOT_CODE], CHAT_SPAN("rate_limited"));
	if (later)
		try_again(outbox, item, after_ms, now_ms);
	else
		settle(outbox, item, ITEM_REFUSED, text);
	return true;
}

bool
outbox_receive(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms)
{
	if (outbox->in_flight == 0)
		return false;
	if (msg->type == CHAT_TYPE_MESSAGE)
		return receive_message(outbox, msg, text);
	if (msg->type == CHAT_TYPE_ERROR)
		return receive_error(outbox, msg, text, now_ms);
	return false;
}

/* Everything that is sent gets another state. */
static void
settle_sent(struct outbox *outbox, enum item_state state)
{
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (item_at(outbox, n)->state == ITEM_SENT)
			settle(outbox, item_at(outbox, n), state, (struct chat_span){0});
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
		item = item_at(outbox, n);
		if (item->state != ITEM_SENT)
			continue;
		if (!complete && (forgetful || now_ms - item->sent_ms > FORGOTTEN_MS)) {
			settle(outbox, item, ITEM_UNKNOWN, (struct chat_span){0});
			continue;
		}
		item->state = ITEM_WAITING;
		outbox->in_flight--;
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
	const struct item *oldest = find_oldest_sent(outbox);

	return oldest && now_ms - oldest->sent_ms > FORGOTTEN_MS / 2;
}

void
outbox_give_up(struct outbox *outbox)
{
	settle_sent(outbox, ITEM_UNKNOWN);
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (item_at(outbox, n)->state == ITEM_WAITING)
			item_at(outbox, n)->state = ITEM_UNSENT;
}

const struct item *
outbox_settled(const struct outbox *outbox)
{
	const struct item *item;

	if (outbox_empty(outbox))
		return NULL;
	item = item_at(outbox, outbox->first);
	return item->state == ITEM_WAITING || item->state == ITEM_SENT ? NULL : item;
}

void
outbox_pop(struct outbox *outbox)
{
	struct item *item = item_at(outbox, outbox->first);

	outbox->bytes -= item->draft.len + item->receipt_len;
	item_free(item);
	outbox->first++;
	if (outbox->unsent < outbox->first)
		outbox->unsent = outbox->first;
}
