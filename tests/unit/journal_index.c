/*
 * The index of a segment in memory: messages that are taken back are taken out of every channel, at
 * a cost that does not depend on how many channels there are.
 */
#include "serve/journal/index.h"

#include <stdlib.h>

#include "slope.h"
#include "tap.h"

static void
add(struct journal_index *index, unsigned channel, uint64_t number)
{
	char name[20];
	struct journal_line line = {.epoch = 1, .number = number, .timestamp_ms = 1};

	sprintf(name, "/%u", channel);
	line.channel = chat_span_of(name);
	index_add(index, &line, (struct position){.at = (uint32_t)number * 100, .len = 99});
}

static void
test_truncate(void)
{
	struct journal_index index = {0};

	add(&index, 1, 1);
	add(&index, 2, 2);
	add(&index, 1, 3);
	add(&index, 3, 4);
	add(&index, 2, 5);
	index_truncate(&index, 300, 2);
	ok(index.count == 2 && index.last == 2, "what came behind the offset is taken back");
	ok(index_find(&index, CHAT_SPAN("/1"))->count == 1 &&
			index_find(&index, CHAT_SPAN("/2"))->count == 1,
		"of each channel");
	add(&index, 3, 6);
	add(&index, 1, 7);
	index_truncate(&index, 700, 6);
	ok(index.count == 3 && index.last == 6 && index_find(&index, CHAT_SPAN("/1"))->count == 1 &&
			index_find(&index, CHAT_SPAN("/3"))->count == 1,
		"and again");
	index_free(&index);
}

/* As many batches of one message are taken back as there are channels. */
static double
work_truncate(unsigned count)
{
	struct journal_index index = {0};
	double begun;

	for (unsigned i = 0; i < count; i++)
		add(&index, i, i + 1);
	begun = cpu_s();
	for (unsigned i = 0; i < count; i++) {
		add(&index, i, count + 1);
		index_truncate(&index, (count + 1) * (uint64_t)100, count);
	}
	begun = cpu_s() - begun;
	if (index.count != count)
		abort();
	index_free(&index);
	return begun;
}

int
main(void)
{
	test_truncate();
	is_linear(work_truncate, 10000, "100,000 batches are taken back from as many channels");
	return done();
}
