/* What was said before a member came, up to the moment from which it hears everything. */
#include "serve/channel/since.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"

/* ---- where it begins ---- */

/* The number of a message that is older than this, as all before it are; 0: none is known. */
static uint64_t
room_older(const struct room *room, int64_t time_ms)
{
	const struct journal *journal = room->rooms->journal;

	return journal->kind->older ? journal->kind->older(journal, time_ms) : 0;
}

/*
 * The number of the newest message that one who saw this id has seen. false: nothing is known of
 * the id, so that messages may be missing.
 */
static bool
since_number(const struct room *room, const struct past_since *since, uint64_t *number)
{
	const struct rooms *rooms = room->rooms;
	uint64_t epoch;
	bool known;

	*number = 0;
	if (chat_span_equal(since->id, CHAT_SPAN(PAST_BEGINNING))) {
		*number = since->timed ? room_older(room, since->time_ms) : 0;
		return true;
	}
	if (!message_id_read(since->id, &epoch, number) || epoch > rooms->epoch) {
		*number = room->history.forgotten; /* what is remembered, at least */
		return false;
	}
	if (epoch == rooms->epoch)
		return true;
	*number = epochs_find(&rooms->past, epoch, *number, &known);
	return known;
}

void
member_begin(struct member *member, struct member_past *past, const struct past_since *since)
{
	*past = (struct member_past){.announced = member->room->announced};
	past->complete = since_number(member->room, since, &past->told);
	member->past = past;
}

uint64_t
room_newest(const struct room *room)
{
	const struct history *history = &room->history;

	return history->count ? history_at(history, history->count - 1)->number
			      : history->forgotten;
}

/* Of the message with this number. */
static uint64_t
epoch_of(const struct rooms *rooms, uint64_t number)
{
	for (uint32_t i = 0; i < rooms->past.count; i++)
		if (number <= rooms->past.at[i].last)
			return rooms->past.at[i].epoch;
	return rooms->epoch;
}

void
room_present(const struct room *room, char since[MESSAGE_ID_LEN + 1])
{
	const struct journal *journal = room->rooms->journal;
	uint64_t number = room_newest(room);
	uint64_t removed = journal->kind->removed ? journal->kind->removed(journal) : 0;

	if (number < removed)
		number = removed; /* it is the same, and nothing behind it was removed */
	if (number)
		message_id_write(since, epoch_of(room->rooms, number), number);
	else
		memcpy(since, PAST_BEGINNING, sizeof(PAST_BEGINNING));
}

bool
room_past_is_far(const struct member *member)
{
	const struct room *room = member->room;

	return room->rooms->journal->kind->read && member->past->told < room->history.forgotten;
}

/* ---- pages ---- */

struct page_key
room_past_key(const struct member *member)
{
	return (struct page_key){
		.room = member->room->number,
		.after = member->past->told,
		.kind = PAGE_PAST,
		.incomplete = !member->past->complete,
	};
}

static struct page *
make_page(struct member *member, size_t bytes, struct page_key key)
{
	struct room *room = member->room;
	struct pages *pages = &room->rooms->pages;
	uint64_t end;
	struct block *block = history_page(&room->history,
		&(struct history_page){
			.after = key.after,
			.bytes = bytes,
			.most_bytes = room->rooms->limits.page_message_bytes,
			.complete = !key.incomplete,
		},
		&end);
	struct page *page;

	if (end < key.upto && end != key.after) { /* it is not the last */
		key.kind = PAGE_PAST;
		key.upto = 0;
	}
	page = pages_add(pages, &key);
	page->end = end;
	page->complete = true;
	pages_fill(pages, page, block);
	return page;
}

struct page *
room_past_page(struct member *member, size_t bytes)
{
	struct room *room = member->room;
	struct pages *pages = &room->rooms->pages;
	struct page_key key = room_past_key(member);
	struct page *page;

	if (key.after < room->history.forgotten || key.after < room->gap ||
		key.after < room->rooms->gap)
		key.incomplete = true;
	page = pages_find(pages, &key);
	if (page && page->ready)
		return page;
	key.kind = PAGE_LAST;
	key.upto = room_newest(room);
	page = pages_find(pages, &key);
	return page ? page : make_page(member, bytes, key);
}

/* ---- what is owed ---- */

struct member_owed {
	uint64_t number;
	uint64_t times;
};

void
member_past_free(struct member_past *past)
{
	free(past->owed);
}

void
member_owe(struct member *member, uint64_t number, uint64_t times)
{
	struct member_past *past = member->past;

	for (uint32_t i = 0; i < past->owed_count; i++)
		if (past->owed[i].number == number) {
			past->owed[i].times += times;
			return;
		}
	if (past->owed_count == past->owed_cap) {
		past->owed_cap = past->owed_cap ? 2 * past->owed_cap : 4;
		past->owed = chat_realloc(past->owed, past->owed_cap * sizeof(*past->owed));
	}
	past->owed[past->owed_count++] = (struct member_owed){number, times};
}

bool
member_is_owed_much(const struct member *member)
{
	return member->past && member->past->owed_count >= MEMBER_OWED_MOST;
}

/* A message of a page, found by what no string can hold: quotes that are not escaped. */
static struct chat_span
find_message(const struct page *page, uint64_t number)
{
	static const char begins[] = "{\"type\":\"message\",\"id\":\"",
			  follows[] = "\",\"sender\":";
	static const char next[] = ",{\"type\":\"message\"", last[] = "],\"complete\":";
	struct chat_span payload = block_frame_payload(page->block->bytes);
	const char *behind = payload.at + payload.len, *id, *end;
	char ending[MESSAGE_ID_LEN + sizeof(follows)];

	message_id_write(ending, 0, number);
	memcpy(ending + MESSAGE_ID_LEN, follows, sizeof(follows));
	id = memmem(payload.at, payload.len, ending + MESSAGE_ID_EPOCH_LEN,
		strlen(ending + MESSAGE_ID_EPOCH_LEN));
	if (!id)
		return (struct chat_span){0};
	end = memmem(id, (size_t)(behind - id), next, sizeof(next) - 1);
	if (!end)
		end = memmem(id, (size_t)(behind - id), last, sizeof(last) - 1);
	id -= MESSAGE_ID_EPOCH_LEN + sizeof(begins) - 1;
	return (struct chat_span){id, (size_t)(end - id)};
}

static void
member_say_again(struct member *member, struct chat_span text, uint64_t times)
{
	struct block *block = block_of_frame(CHAT_WS_TEXT, text);

	while (times--)
		conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

/* What it is owed of a page that it was sent, or that has none. */
static void
member_pay(struct member *member, const struct page *page)
{
	struct member_past *past = member->past;
	uint32_t left = 0;

	for (uint32_t i = 0; i < past->owed_count; i++) {
		const struct member_owed *owed = &past->owed[i];
		struct chat_span text = {0};

		if (owed->number > page->end)
			past->owed[left++] = *owed;
		else if (page->block)
			text = find_message(page, owed->number);
		if (text.len)
			member_say_again(member, text, owed->times);
	}
	past->owed_count = left;
}

/* ---- sending ---- */

void
member_tell(struct member *member, struct block *block)
{
	conn_spare(member->conn, block->len);
	conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

void
member_turn(struct member *member, const struct page *page)
{
	struct member_past *past = member->past;

	if (page->block)
		member_tell(member, block_ref(page->block));
	member_pay(member, page);
	past->told = page->end;
	past->complete = page->complete || page->block;
}

/* Who is there, where that has changed since it was told: it heard nothing of that. */
static void
member_tell_users(struct member *member)
{
	struct room *room = member->room;
	struct pages *pages = &room->rooms->pages;
	struct page_key key = {.room = room->number, .upto = room->changes, .kind = PAGE_USERS};
	struct page *page;

	if (member->past->announced == room->announced)
		return;
	page = pages_find(pages, &key);
	if (!page) {
		page = pages_add(pages, &key);
		pages_fill(pages, page, room_users(room, NULL));
	}
	member_tell(member, block_ref(page->block));
}

void
member_go_live(struct member *member, const struct page *last)
{
	struct page page = *last;

	block_ref(page.block);
	member_tell_users(member); /* which may cost the page its place */
	member_tell(member, block_ref(page.block));
	member_pay(member, &page);
	block_unref(page.block);
	member->past = NULL;
	member->room->live++;
}

uint32_t
room_wanted(const struct room *room)
{
	const struct rooms_limits *limits = &room->rooms->limits;

	return limits->history_keep < limits->history_replay ? limits->history_keep
							     : limits->history_replay;
}

bool
room_is_to_recall(const struct room *room)
{
	struct journal *journal = room->rooms->journal;

	return !room->recalled && !room->history.count && room_wanted(room) &&
		journal->kind->recall && journal->kind->count(journal, room_channel(room));
}

void
member_await(struct member *member, struct member_past *past)
{
	*past = (struct member_past){
		.told = room_newest(member->room), .announced = member->room->announced};
	member->past = past;
}

static struct block *
room_replay(struct room *room, uint64_t upto)
{
	const struct rooms_limits *limits = &room->rooms->limits;
	struct pages *pages = &room->rooms->pages;
	struct page_key key = {.room = room->number, .upto = upto, .kind = PAGE_REPLAY};
	struct page *page = pages_find(pages, &key);

	if (!page) {
		page = pages_add(pages, &key);
		pages_fill(pages, page,
			history_replay(&room->history, upto, limits->history_replay,
				limits->history_replay_bytes));
	}
	return block_ref(page->block);
}

/* What was published since then is news to the member. */
static void
member_tell_news(struct member *member, uint64_t since)
{
	const struct history *history = &member->room->history;

	for (uint32_t i = history_after(history, since); i < history->count; i++) {
		const struct entry *entry = history_at(history, i);

		conn_send_run(member->conn, entry->block, entry->at,
			entry->at + (uint32_t)block_frame_size(entry->block->bytes + entry->at));
	}
}

void
member_replay(struct member *member)
{
	struct room *room = member->room;
	uint64_t upto = member->past ? member->past->told : room_newest(room);

	if (member->past)
		member_tell_users(member);
	member_tell(member, room_replay(room, upto));
	if (member->past)
		member_tell_news(member, upto);
	member->past = NULL;
	room->live++;
}
