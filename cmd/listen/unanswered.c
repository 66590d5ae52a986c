/* The position of a bot follows the answers of its command, so that a crash loses no message. */
#include "listen/unanswered.h"

#include <stdlib.h>
#include <string.h>

#include "client/seen.h"
#include "message/encode.h"

void
unanswered_free(struct unanswered *unanswered)
{
	free(unanswered->entries);
	chat_buf_free(&unanswered->done);
	chat_buf_free(&unanswered->given);
	*unanswered = (struct unanswered){0};
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
unanswered_done(const struct unanswered *unanswered)
{
	return id_of(&unanswered->done);
}

static void
set_done(struct unanswered *unanswered, struct chat_span id, uint64_t next)
{
	unanswered->done_next = next;
	if (chat_span_equal(chat_span_of(unanswered_done(unanswered)), id))
		return;
	set_id(&unanswered->done, id);
	unanswered->changed = true;
}

void
unanswered_begin(struct unanswered *unanswered, const char *id)
{
	if (unanswered->done.len == 0)
		set_done(unanswered, chat_span_of(id), unanswered->next);
}

/* Returns the entry with this number, which must be from first to next. */
static struct unanswered_entry *
entry_at(const struct unanswered *unanswered, uint64_t number)
{
	return &unanswered->entries[number & (unanswered->cap - 1)];
}

/* Doubles the ring. */
static void
grow(struct unanswered *unanswered)
{
	size_t cap = unanswered->cap ? unanswered->cap * 2 : UNANSWERED_LEAST;
	struct unanswered_entry *entries = chat_alloc_zeroed(cap, sizeof(*entries));

	for (uint64_t n = unanswered->first; n != unanswered->next; n++)
		entries[n & (cap - 1)] = *entry_at(unanswered, n);
	free(unanswered->entries);
	unanswered->entries = entries;
	unanswered->cap = cap;
}

void
unanswered_add(struct unanswered *unanswered, const struct chat_json_value *id, unsigned hops)
{
	bool owed = unanswered->kept && unanswered->first >= unanswered->done_next;

	if (unanswered->next - unanswered->first == unanswered->cap) {
		if (unanswered->cap == 0 || (owed && unanswered->cap < UNANSWERED_MOST))
			grow(unanswered);
		else
			unanswered->first++;
	}
	*entry_at(unanswered, unanswered->next++) =
		(struct unanswered_entry){chat_seen_hash(id), hops, 0};
}

/* Returns the number after that of the entry with this id, or 0 if there is none. */
static uint64_t
number_after(const struct unanswered *unanswered, const struct chat_json_value *id)
{
	uint64_t hash = chat_seen_hash(id);

	for (uint64_t n = unanswered->next; n != unanswered->first; n--)
		if (entry_at(unanswered, n - 1)->id_hash == hash)
			return n;
	return 0;
}

struct unanswered_entry *
unanswered_find(const struct unanswered *unanswered, const struct chat_json_value *id)
{
	uint64_t behind = number_after(unanswered, id);

	return behind ? entry_at(unanswered, behind - 1) : NULL;
}

void
unanswered_settle(struct unanswered *unanswered, const struct chat_json_value *id)
{
	uint64_t behind = number_after(unanswered, id);
	struct chat_buf text = {0};
	char *at;

	if (behind <= unanswered->done_next)
		return;
	at = chat_buf_reserve(&text, id->raw.len);
	text.len = chat_json_unescape(id, at, id->raw.len);
	set_done(unanswered, chat_buf_span(&text), behind);
	chat_buf_free(&text);
}

void
unanswered_give(struct unanswered *unanswered, const char *id)
{
	char *json = chat_encode_string(chat_span_of(id));
	struct chat_json_value value = {
		.kind = CHAT_JSON_STRING, .raw = chat_span_of(json), .escaped = true};
	uint64_t behind = number_after(unanswered, &value);

	free(json);
	if (behind > unanswered->given_next)
		unanswered->given_next = behind;
	set_id(&unanswered->given, chat_span_of(id));
}

void
unanswered_close(struct unanswered *unanswered)
{
	if (unanswered->given.len > 0 && unanswered->given_next >= unanswered->done_next)
		set_done(unanswered, chat_span_of(id_of(&unanswered->given)),
			unanswered->given_next);
}

bool
unanswered_restart(struct unanswered *unanswered)
{
	bool owed = unanswered->next > unanswered->done_next;

	for (uint64_t n = unanswered->first; n != unanswered->next; n++)
		entry_at(unanswered, n)->answers = 0;
	if (!unanswered->kept || !owed || unanswered->done.len == 0)
		return false;
	unanswered->first = unanswered->next = unanswered->given_next = unanswered->done_next;
	set_id(&unanswered->given, chat_span_of(unanswered_done(unanswered)));
	return true;
}
