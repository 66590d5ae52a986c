/* The position of a bot follows what its command has answered, so that a crash loses no message. */
#include "listen/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "chat/encode.h"
#include "client/seen.h"

void
ledger_free(struct ledger *ledger)
{
	free(ledger->entries);
	chat_buf_free(&ledger->done);
	chat_buf_free(&ledger->given);
	*ledger = (struct ledger){0};
}

static void
set_id(struct chat_buf *to, struct chat_span id)
{
	to->len = 0;
	chat_buf_append_span(to, id);
	chat_buf_append(to, "", 1);
}

static const char *
id_of(const struct chat_buf *id)
{
	return id->len > 0 ? id->at : "";
}

const char *
ledger_done(const struct ledger *ledger)
{
	return id_of(&ledger->done);
}

static void
set_done(struct ledger *ledger, struct chat_span id, uint64_t next)
{
	ledger->done_next = next;
	if (chat_span_equal(chat_span_of(ledger_done(ledger)), id))
		return;
	set_id(&ledger->done, id);
	ledger->changed = true;
}

void
ledger_begin(struct ledger *ledger, const char *id)
{
	if (ledger->done.len == 0)
		set_done(ledger, chat_span_of(id), ledger->next);
}

/* Returns the entry with this number. */
static struct ledger_entry *
entry_at(const struct ledger *ledger, uint64_t number)
{
	return &ledger->entries[number & (ledger->cap - 1)];
}

/* Doubles the ring. */
static void
grow(struct ledger *ledger)
{
	size_t cap = ledger->cap ? ledger->cap * 2 : LEDGER_LEAST;
	struct ledger_entry *entries = chat_alloc_zeroed(cap, sizeof(*entries));

	for (uint64_t n = ledger->first; n != ledger->next; n++)
		entries[n & (cap - 1)] = *entry_at(ledger, n);
	free(ledger->entries);
	ledger->entries = entries;
	ledger->cap = cap;
}

void
ledger_add(struct ledger *ledger, const struct chat_json_value *id, unsigned hops)
{
	bool owed = ledger->kept && ledger->first >= ledger->done_next;

	if (ledger->next - ledger->first == ledger->cap) {
		if (ledger->cap == 0 || (owed && ledger->cap < LEDGER_MOST))
			grow(ledger);
		else
			ledger->first++;
	}
	*entry_at(ledger, ledger->next++) = (struct ledger_entry){seen_hash(id), hops, 0};
}

/* Returns the number of the entry after that of this id, or 0 if the id is not remembered. */
static uint64_t
number_after(const struct ledger *ledger, const struct chat_json_value *id)
{
	uint64_t hash = seen_hash(id);

	for (uint64_t n = ledger->next; n != ledger->first; n--)
		if (entry_at(ledger, n - 1)->id_hash == hash)
			return n;
	return 0;
}

struct ledger_entry *
ledger_find(const struct ledger *ledger, const struct chat_json_value *id)
{
	uint64_t behind = number_after(ledger, id);

	return behind ? entry_at(ledger, behind - 1) : NULL;
}

void
ledger_settle(struct ledger *ledger, const struct chat_json_value *id)
{
	uint64_t behind = number_after(ledger, id);
	struct chat_buf text = {0};
	char *at;

	if (behind <= ledger->done_next)
		return;
	at = chat_buf_reserve(&text, id->raw.len);
	text.len = chat_json_unescape(id, at, id->raw.len);
	set_done(ledger, chat_buf_span(&text), behind);
	chat_buf_free(&text);
}

void
ledger_give(struct ledger *ledger, const char *id)
{
	char *json = chat_encode_string(chat_span_of(id));
	struct chat_json_value value = {
		.kind = CHAT_JSON_STRING, .raw = chat_span_of(json), .escaped = true};
	uint64_t behind = number_after(ledger, &value);

	free(json);
	if (behind > ledger->given_next)
		ledger->given_next = behind;
	set_id(&ledger->given, chat_span_of(id));
}

void
ledger_close(struct ledger *ledger)
{
	if (ledger->given.len > 0 && ledger->given_next >= ledger->done_next)
		set_done(ledger, chat_span_of(id_of(&ledger->given)), ledger->given_next);
}

bool
ledger_restart(struct ledger *ledger)
{
	bool owed = ledger->next > ledger->done_next;

	for (uint64_t n = ledger->first; n != ledger->next; n++)
		entry_at(ledger, n)->answers = 0;
	if (!ledger->kept || !owed || ledger->done.len == 0)
		return false;
	ledger->first = ledger->next = ledger->given_next = ledger->done_next;
	set_id(&ledger->given, chat_span_of(ledger_done(ledger)));
	return true;
}
