/*
 * A member that joins with `since` gets each message that follows once and in order, page by page,
 * then is live. A page says if messages are missing. An echo comes after its message.
 */
#include "serve/channel/since.h"

#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/replay.h"
#include "tap.h"

#define LARGE ((size_t)1 << 20) /* bytes: all messages in one page */
#define SMALL ((size_t)400) /* bytes: few messages in a page */

/* A fixture with a channel in which a member has posted messages. */
struct past {
	struct fixture fixture;
	struct channel *channel;
	struct member alice;
	struct conn conn; /* of all members */
};

/* Posts messages with the nonces "1", "2", …, of which the channel keeps so many. */
static void
past_open(struct past *past, unsigned messages, uint32_t keep)
{
	struct channels_limits limits = roomy;
	char nonce[20];

	limits.history_keep = keep;
	limits.page_message_bytes = LARGE;
	memset(past, 0, sizeof(*past));
	fixture_open(&past->fixture, limits);
	page_cache_init(&past->fixture.channels.page_cache, 64 * LARGE);
	past->channel = find(&past->fixture, "/past");
	join(past->channel, &past->alice, &past->conn, "alice", true);
	for (unsigned i = 1; i <= messages; i++) {
		sprintf(nonce, "\"%u\"", i);
		post(&past->alice, "\"a\"", nonce);
	}
	store(&past->fixture);
}

static void
past_close(struct past *past)
{
	channel_leave(&past->alice);
	fixture_close(&past->fixture);
}

/* Appends the numbers of the messages of a page to the text, and what the page says of itself. */
static void
note_page(char *text, const struct page *page)
{
	struct chat_span payload = block_frame_payload(page->block->bytes);
	const char *end = payload.at + payload.len, *at = payload.at;
	static const char id[] = "{\"type\":\"message\",\"id\":\"000000000001-";

	while ((at = memmem(at, (size_t)(end - at), id, strlen(id)))) {
		at += strlen(id);
		sprintf(text + strlen(text), "%lu ", strtoul(at, NULL, 16));
	}
	if (memmem(payload.at, payload.len, "\"complete\":false", 16))
		strcat(text, "incomplete ");
	strcat(text, memmem(payload.at, payload.len, "\"more\":true", 11) ? "| " : "end");
}

/* Sends all pages to a member that catches up; the text gets what they are. */
static void
catch_up(struct member *member, size_t bytes, char *text)
{
	struct page *page;
	int pages = 0;

	*text = '\0';
	while ((page = member_next_page(member, bytes))->key.kind == PAGE_CATCHUP) {
		if (pages++ == 9)
			abort();
		note_page(text, page);
		member_send_page(member, page);
	}
	note_page(text, page);
	member_go_live(member, page);
}

/* Compares what a new member with this `since` gets. A page that is in memory is not made again. */
static void
since_is(struct past *past, const char *since, size_t bytes, const char *want)
{
	const struct since_point point = {.id = chat_span_of(since)};
	struct member_catchup catchup;
	struct member bob = {0};
	char got[400];

	join(past->channel, &bob, &past->conn, "bob", true);
	member_begin_catchup(&bob, &catchup, &point);
	catch_up(&bob, bytes, got);
	is_str(got, want, "since %s, in pages of %zu bytes", since, bytes);
	ok(!bob.catchup && past->channel->members.live == 1, "then the member is live");
	channel_leave(&bob);
	member_catchup_free(&catchup);
}

static void
test_pages(void)
{
	struct past past;

	past_open(&past, 9, 100);
	since_is(&past, "0", LARGE, "1 2 3 4 5 6 7 8 9 end");
	since_is(&past, "000000000001-0000000006", LARGE, "7 8 9 end");
	since_is(&past, "000000000001-0000000009", LARGE, "end");
	since_is(&past, "000000000002-0000000006", LARGE, "1 2 3 4 5 6 7 8 9 incomplete end");
	since_is(&past, "unknown", LARGE, "1 2 3 4 5 6 7 8 9 incomplete end");
	past_close(&past);
	past_open(&past, 9, 100);
	since_is(&past, "0", SMALL, "1 2 | 3 4 | 5 6 | 7 8 | 9 end");
	since_is(&past, "0", LARGE, "1 2 | 3 4 | 5 6 | 7 8 | 9 end");
	past_close(&past);
}

static void
test_dropped(void)
{
	struct past past;

	past_open(&past, 9, 4);
	since_is(&past, "000000000001-0000000005", LARGE, "6 7 8 9 end");
	since_is(&past, "000000000001-0000000004", LARGE, "6 7 8 9 incomplete end");
	since_is(&past, "0", LARGE, "6 7 8 9 incomplete end");
	past_close(&past);
}

/* Messages that are published while a member catches up are on its last page. */
static void
test_meanwhile(void)
{
	const struct since_point point = {.id = CHAT_SPAN("000000000001-0000000002")};
	struct past past;
	struct member_catchup catchup;
	struct member bob = {0};
	char got[400];

	past_open(&past, 3, 100);
	join(past.channel, &bob, &past.conn, "bob", true);
	member_begin_catchup(&bob, &catchup, &point);
	post(&past.alice, "\"b\"", "");
	store(&past.fixture);
	post(&past.alice, "\"c\"", "");
	catch_up(&bob, LARGE, got);
	is_str(got, "3 4 end", "the last page ends where the pending messages begin");
	channel_leave(&bob);
	member_catchup_free(&catchup);
	past_close(&past);
}

/* Another connection of alice catches up, and posts again what she has posted before. */
static void
test_owed_echo(void)
{
	const struct since_point point = {.id = CHAT_SPAN("000000000001-0000000004")};
	struct past past;
	struct member_catchup catchup;
	struct member again = {0};
	struct page *page;

	past_open(&past, 9, 100);
	join(past.channel, &again, &past.conn, "alice", true);
	member_begin_catchup(&again, &catchup, &point);
	post(&again, "\"a\"", "\"3\"");
	is_int(catchup.owed_count, 0, "a message before its `since` is echoed at once");
	post(&again, "\"a\"", "\"5\"");
	post(&again, "\"a\"", "\"5\"");
	post(&again, "\"a\"", "\"9\"");
	is_int(catchup.owed_count, 2, "the echoes of two messages are owed");
	page = member_next_page(&again, SMALL);
	member_send_page(&again, page);
	is_int(catchup.owed_count, 1, "one after a page with the other one");
	while ((page = member_next_page(&again, SMALL))->key.kind == PAGE_CATCHUP)
		member_send_page(&again, page);
	member_go_live(&again, page);
	is_int(catchup.owed_count, 0, "none after the last page");
	channel_leave(&again);
	member_catchup_free(&catchup);
	past_close(&past);
}

/*
 * The journal was read when messages were not in memory, and a segment had none of this channel;
 * then read_newest has brought them into memory.
 */
static void
test_empty_page(void)
{
	struct page_key key = {.after = 4, .kind = PAGE_CATCHUP};
	struct past past;
	struct page *page;

	past_open(&past, 9, 100);
	key.channel = past.channel->number;
	page = page_cache_add(&past.channel->channels->page_cache, &key);
	page->end = 5;
	page->complete = true;
	page_cache_fill(&past.channel->channels->page_cache, page, NULL);
	since_is(&past, "000000000001-0000000004", LARGE, "5 6 7 8 9 end");
	past_close(&past);
}

/* Joins without `since`, and leaves. */
static void
visit(struct channel *channel, struct conn *conn, const char *name)
{
	struct member member = {0};

	join(channel, &member, conn, name, true);
	member_replay(&member);
	channel_leave(&member);
}

/* Channels without messages share one page; with its first message a channel has its own. */
static void
test_replay_pages(void)
{
	struct page_key key = {.upto = 1, .kind = PAGE_REPLAY};
	struct channel *other;
	struct member stays = {0};
	struct past past;
	char got[400] = "";

	past_open(&past, 0, 100);
	past.fixture.channels.limits.history_replay = 50;
	past.fixture.channels.limits.history_replay_bytes = LARGE;
	other = find(&past.fixture, "/other");
	join(other, &stays, &past.conn, "stays", true);
	visit(past.channel, &past.conn, "bob");
	visit(other, &past.conn, "bob");
	is_int(past.fixture.channels.page_cache.made, 1, "one page for two empty channels");
	post(&past.alice, "\"a\"", "");
	store(&past.fixture);
	visit(past.channel, &past.conn, "carl");
	visit(other, &past.conn, "carl");
	is_int(past.fixture.channels.page_cache.made, 2, "another for one with a message");
	key.channel = past.channel->number;
	note_page(got, page_cache_find(&past.fixture.channels.page_cache, &key));
	is_str(got, "1 end", "which has the message");
	channel_leave(&stays);
	past_close(&past);
}

int
main(void)
{
	test_replay_pages();
	test_pages();
	test_dropped();
	test_meanwhile();
	test_owed_echo();
	test_empty_page();
	return done();
}
