/* What was said before a member came, up to the moment from which it hears everything. */
#include "serve/room_past.h"

#include "serve/room.h"

/* ---- where it begins ---- */

/*
 * The number of the newest message that one who saw this id has seen. false: nothing is known of
 * the id, so that messages may be missing.
 */
static bool
since_number(const struct room *room, struct chat_span since, uint64_t *number)
{
	const struct rooms *rooms = room->rooms;
	uint64_t epoch;
	bool known;

	*number = 0;
	if (chat_span_equal(since, CHAT_SPAN(PAST_BEGINNING)))
		return true;
	if (!message_id_read(since, &epoch, number) || epoch > rooms->epoch) {
		*number = room->history.forgotten; /* what is remembered, at least */
		return false;
	}
	if (epoch == rooms->epoch)
		return true;
	*number = epochs_find(&rooms->past, epoch, *number, &known);
	return known;
}

void
member_begin(struct member *member, struct member_past *past, struct chat_span since)
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

	if (key.after < room->history.forgotten)
		key.incomplete = true;
	page = pages_find(pages, &key);
	if (page && page->ready)
		return page;
	key.kind = PAGE_LAST;
	key.upto = room_newest(room);
	page = pages_find(pages, &key);
	return page ? page : make_page(member, bytes, key);
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
	struct block *block = block_ref(last->block);

	member_tell_users(member); /* which may cost the page its place */
	member_tell(member, block);
	member->past = NULL;
	member->room->live++;
}

void
member_replay(struct member *member)
{
	struct room *room = member->room;
	const struct rooms_limits *limits = &room->rooms->limits;
	struct pages *pages = &room->rooms->pages;
	struct page_key key = {
		.room = room->number, .upto = room_newest(room), .kind = PAGE_REPLAY};
	struct page *page = pages_find(pages, &key);

	if (!page) {
		page = pages_add(pages, &key);
		pages_fill(pages, page,
			history_replay(&room->history, limits->history_replay,
				limits->history_replay_bytes));
	}
	member_tell(member, block_ref(page->block));
	room->live++;
}

bool
member_has_passed(const struct member *member, const struct block *block, uint32_t at)
{
	struct chat_span text = block_frame_payload(block->bytes + at);
	struct journal_line line;

	return !member->past || !journal_line_read(&line, text) ||
		line.number <= member->past->told;
}
