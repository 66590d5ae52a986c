/* What a channel remembers: its order, its bounds, and what a replay leaves out. */
#include "serve/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

/* A message of this number, its file data of so many characters; 0: no file. */
static void
add(struct history *history, uint64_t number, size_t data)
{
	char *text = malloc(data + 100), *at = text;
	struct entry entry = {.number = number};

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

/* A replay as a string: digits of the messages, o behind those without their data. */
static void
replay_is(const struct history *history, struct history_replay replay, const char *want)
{
	struct block *block = history_replay(history, &replay);
	struct chat_span payload = block_frame_payload(block->bytes);
	char got[200] = "", *text = strndup(payload.at, payload.len);

	for (char *at = strstr(text, "{\"n\":"); at; at = strstr(at + 1, "{\"n\":")) {
		char *next = strstr(at + 1, "{\"n\":"), *omitted = strstr(at, "\"omitted\":true");

		sprintf(got + strlen(got), "%ld%s ", atol(at + 5),
			omitted && (!next || omitted < next) ? "o" : "");
	}
	if (strstr(text, "\"complete\":"))
		strcat(got, strstr(text, "\"complete\":true") ? "complete" : "incomplete");
	is_str(got, want, "%u from %u in %zu bytes", replay.count, replay.first, replay.max_bytes);
	is_int(block_frame_size(block->bytes), block->len, "it is one frame");
	ok(strncmp(text, "{\"type\":\"history\",\"messages\":[", 30) == 0 &&
			text[strlen(text) - 1] == '}',
		"it is a history");
	free(text);
	block_unref(block);
}

static void
test_order(void)
{
	struct history history = {0};
	bool right = true;

	for (uint64_t number = 1; number <= 1000; number++) {
		add(&history, 3 * number, 0);
		if (history.count > 13)
			history_forget(&history);
		for (uint32_t i = 0; i < history.count; i++)
			right = right &&
				history_at(&history, i)->number ==
					3 * (number - history.count + 1 + i);
	}
	ok(right, "the newest 13, in order, around the ring");
	is_int(history.forgotten, 3 * (1000 - 13), "it knows what it has forgotten");
	is_int(history_after(&history, 0), 0, "after nothing: all");
	is_int(history_after(&history, 3 * 988 - 1), 0, "after what came before: all");
	is_int(history_after(&history, 3 * 988), 1, "after the oldest: the others");
	is_int(history_after(&history, 3 * 990 + 1), 3, "after a number between");
	is_int(history_after(&history, 3000), 13, "after the newest: none");
	is_int(history_after(&history, UINT64_MAX), 13, "after what is to come: none");
	history_free(&history);
	is_int(history.bytes, 0, "no byte is left");
	is_int(history.count, 0, "no message is left");
}

static void
test_replay(void)
{
	struct history history = {0};

	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 100}, "");
	replay_is(&history,
		(struct history_replay){
			.count = 5, .max_bytes = 9, .resumed = true, .complete = true},
		"complete");
	for (uint64_t number = 1; number <= 5; number++)
		add(&history, number, number == 2 ? 300 : number == 4 ? 100 : 0);
	replay_is(&history, (struct history_replay){.count = 9, .max_bytes = 9999}, "1 2 3 4 5 ");
	replay_is(&history, (struct history_replay){.count = 2, .max_bytes = 9999}, "4 5 ");
	replay_is(&history, (struct history_replay){.count = 0, .max_bytes = 9999}, "");
	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 400}, "1 2o 3 4 5 ");
	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 150}, "1 2o 3 4o 5 ");
	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 45}, "4o 5 ");
	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 8}, "5 ");
	replay_is(&history, (struct history_replay){.count = 5, .max_bytes = 7}, "");
	history_free(&history);
}

static void
test_resume(void)
{
	struct history history = {0};
	struct history_replay all = {
		.count = 100, .max_bytes = 9999, .resumed = true, .complete = true};

	for (uint64_t number = 1; number <= 5; number++)
		add(&history, number, 0);
	replay_is(&history, all, "1 2 3 4 5 complete");
	all.first = 3;
	replay_is(&history, all, "4 5 complete");
	all.first = 5;
	replay_is(&history, all, "complete");
	all.first = 1;
	all.count = 2;
	replay_is(&history, all, "4 5 incomplete");
	all.count = 100;
	all.max_bytes = 17;
	replay_is(&history, all, "4 5 incomplete");
	all.max_bytes = 9999;
	all.complete = false;
	replay_is(&history, all, "2 3 4 5 incomplete");
	history_free(&history);
}

/* So many files, of which a replay leaves all data out. */
static double
work_omit(unsigned count)
{
	struct history history = {0};
	struct history_replay replay = {.count = count, .max_bytes = 30 * (size_t)count};
	struct block *block;
	double begun;

	for (unsigned number = 1; number <= count; number++)
		add(&history, number, 50 + number % 50);
	begun = cpu_s();
	block = history_replay(&history, &replay);
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
	test_resume();
	is_linear(work_omit, 3000, "the data of 30,000 files is left out of a replay");
	return done();
}
