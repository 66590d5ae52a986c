/* The history of a channel: its order, the cut of a replay, and where pages end. */
#include "serve/frame/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

/* Adds a message of this number with file data of so many characters; 0: without a file. */
static void
add(struct history *history, uint64_t number, size_t data)
{
	char *text = malloc(data + 100), *at = text;
	struct history_entry entry = {.number = number};

	at += sprintf(at, "{\"n\":%llu", (unsigned long long)number);
	if (data) {
		at += sprintf(at, ",\"file\":{");
		entry.data_at = (uint32_t)(at - text);
		at += sprintf(at, "\"data\":\"%0*d\"", (int)data, 0);
		entry.data_len = (uint32_t)(at - text) - entry.data_at;
		*at++ = '}';
	}
	*at++ = '}';
	entry.block = block_of_frame(CHAT_WS_TEXT, (struct chat_span){text, (size_t)(at - text)});
	history_add(history, &entry);
	block_unref(entry.block);
	free(text);
}

/* Compares a `history` with a string: the numbers, "o" for left out data, and the flags. */
static void
history_is(struct block *block, const char *want, const char *what)
{
	struct chat_span payload = block_frame_payload(block->bytes);
	char got[4000] = "", *text = strndup(payload.at, payload.len);

	for (char *at = strstr(text, "{\"n\":"); at; at = strstr(at + 1, "{\"n\":")) {
		char *next = strstr(at + 1, "{\"n\":"), *omitted = strstr(at, "\"omitted\":true");

		sprintf(got + strlen(got), "%ld%s ", atol(at + 5),
			omitted && (!next || omitted < next) ? "o" : "");
	}
	if (strstr(text, "\"complete\":"))
		strcat(got, strstr(text, "\"complete\":true") ? "complete" : "incomplete");
	if (strstr(text, "\"more\":true}"))
		strcat(got, " more");
	is_str(got, want, "%s", what);
	is_int(block_frame_size(block->bytes), block->len, "it is one frame");
	ok(strncmp(text, "{\"type\":\"history\",\"messages\":[", 30) == 0 &&
			text[strlen(text) - 1] == '}',
		"it is a history");
	free(text);
	block_unref(block);
}

static void
replay_is(const struct history *history, uint32_t most, size_t most_bytes, const char *want)
{
	char what[60];

	sprintf(what, "at most %u, %zu bytes", most, most_bytes);
	history_is(history_replay(history, UINT64_MAX, most, most_bytes), want, what);
}

static void
test_order(void)
{
	struct history history = {0};
	bool right = true;

	for (uint64_t number = 1; number <= 1000; number++) {
		add(&history, 3 * number, 0);
		if (history.count > 13)
			history_drop_oldest(&history);
		for (uint32_t i = 0; i < history.count; i++)
			right = right &&
				history_at(&history, i)->number ==
					3 * (number - history.count + 1 + i);
	}
	ok(right, "the newest 13, in order, around the ring");
	is_int(history.dropped, 3 * (1000 - 13), "it knows the last one that was dropped");
	is_int(history_after(&history, 0), 0, "after 0: all");
	is_int(history_after(&history, 3 * 988 - 1), 0, "after a dropped one: all");
	is_int(history_after(&history, 3 * 988), 1, "after the oldest: the others");
	is_int(history_after(&history, 3 * 990 + 1), 3, "after a number between");
	is_int(history_after(&history, 3000), 13, "after the newest: none");
	is_int(history_after(&history, UINT64_MAX), 13, "after a number to come: none");
	history_free(&history);
	is_int(history.bytes, 0, "no byte is left");
	is_int(history.count, 0, "no message is left");
}

static void
test_replay(void)
{
	struct history history = {0};

	replay_is(&history, 5, 100, "");
	for (uint64_t number = 1; number <= 5; number++)
		add(&history, number, number == 2 ? 300 : number == 4 ? 100 : 0);
	replay_is(&history, 9, 9999, "1 2 3 4 5 ");
	replay_is(&history, 2, 9999, "4 5 ");
	replay_is(&history, 0, 9999, "");
	replay_is(&history, 5, 400, "1 2o 3 4 5 ");
	replay_is(&history, 5, 150, "1 2o 3 4o 5 ");
	replay_is(&history, 5, 45, "4o 5 ");
	replay_is(&history, 5, 8, "5 ");
	replay_is(&history, 5, 7, "");
	history_free(&history);
	for (uint64_t number = 1; number <= 5; number++)
		add(&history, number, 100);
	replay_is(&history, 5, 550, "1o 2 3 4 5 ");
	replay_is(&history, 5, 450, "1o 2o 3 4 5 ");
	history_free(&history);
}

/* Compares all pages after a number with a string: the numbers, and a bar between two pages. */
static void
pages_are(const struct history *history, struct history_page page, const char *want)
{
	char got[4000] = "", *at = got;
	bool more = true;

	while (more && at < got + 3000) {
		uint64_t end = 0;
		struct block *block = history_page(history, &page, &end);
		struct chat_span payload = block_frame_payload(block->bytes);
		char *text = strndup(payload.at, payload.len);

		for (char *n = strstr(text, "{\"n\":"); n; n = strstr(n + 1, "{\"n\":"))
			at += sprintf(at, "%ld ", atol(n + 5));
		more = strstr(text, "\"more\":true}") != NULL;
		at += sprintf(at, more ? "| " : "end");
		more = more && end > page.after;
		page.after = end;
		free(text);
		block_unref(block);
	}
	is_str(got, want, "by pages of %zu bytes", page.bytes);
}

static void
test_pages(void)
{
	struct history history = {0};
	struct history_page page = {.bytes = 100, .most_bytes = 9999, .complete = true};
	uint64_t end;

	history_is(history_page(&history, &page, &end), "complete", "an empty history is one page");
	is_int(end, 0, "which ends where it began");
	for (uint64_t number = 1; number <= 20; number++)
		add(&history, number, 0); /* of 7 bytes, from 10 on of 8, and a comma */
	pages_are(&history, page, "1 2 3 4 5 6 7 | 8 9 10 11 12 13 14 15 | 16 17 18 19 20 end");
	page.after = 3;
	pages_are(&history, page, "4 5 6 7 8 9 10 11 | 12 13 14 15 16 17 18 19 20 end");
	page.after = 20;
	pages_are(&history, page, "end");
	page.after = 18;
	page.complete = false;
	history_is(history_page(&history, &page, &end), "19 20 incomplete",
		"a page says that it is incomplete");
	is_int(end, 20, "up to the newest");
	page.after = 3;
	history_is(history_page(&history, &page, &end), "4 5 6 7 8 9 10 11 incomplete more",
		"says that there is more");
	is_int(end, 11, "and ends there");
	page.after = 0;
	page.bytes = 1;
	pages_are(&history, page,
		"1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | "
		"19 | 20 end");
	history_free(&history);
}

/* A message that is larger than a page is a page of its own, with its data. */
static void
test_large(void)
{
	struct history history = {0};
	struct history_page page = {.bytes = 100, .most_bytes = 1000, .complete = true};
	uint64_t end;

	add(&history, 1, 0);
	add(&history, 2, 500);
	add(&history, 3, 0);
	add(&history, 4, 2000);
	add(&history, 5, 0);
	pages_are(&history, page, "1 | 2 | 3 | 4 | 5 end");
	page.after = 1;
	history_is(history_page(&history, &page, &end), "2 complete more", "with its data");
	page.after = 3;
	history_is(history_page(&history, &page, &end), "4o complete more",
		"but without it above the limit");
	history_free(&history);
}

/* Readers that begin at different messages get the same pages after a few. */
static void
test_meeting(void)
{
	struct history history = {0};
	uint64_t ends[2000], count = 0, late = 0, foreign = 0;

	for (uint64_t number = 1; number <= 30000; number++)
		add(&history, 3 * number + number % 2, number % 7 ? 0 : number % 100);
	for (uint64_t start = 0; start < 50; start++) {
		struct history_page page = {.after = 3 * start, .bytes = 4096, .most_bytes = 9999};

		for (int page_no = 0; page.after < 90000; page_no++) {
			uint64_t end, i = 0;

			block_unref(history_page(&history, &page, &end));
			page.after = end;
			if (start == 0)
				ends[count++] = end;
			while (i < count && ends[i] != end)
				i++;
			late += page_no >= 8 && i == count;
			foreign += i == count;
		}
	}
	ok(count > 100, "%d pages", (int)count);
	is_int(late, 0, "after eight pages all end at the same messages (%d before)", (int)foreign);
	history_free(&history);
}

/* A replay that leaves out the data of so many files. */
static double
work_omit(unsigned count)
{
	struct history history = {0};
	struct block *block;
	double begun;

	for (unsigned number = 1; number <= count; number++)
		add(&history, number, 50 + number % 50);
	begun = cpu_s();
	block = history_replay(&history, UINT64_MAX, count, 30 * (size_t)count);
	begun = cpu_s() - begun;
	block_unref(block);
	history_free(&history);
	return begun;
}

int
main(void)
{
	test_order();
	test_replay();
	test_pages();
	test_large();
	test_meeting();
	is_linear(work_omit, 3000, "the data of 30,000 files is left out of a replay");
	return done();
}
