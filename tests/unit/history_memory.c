/* A history counts the memory that it takes, which is little more than its messages. */
#include <stdlib.h>

#include "serve/frame/history.h"
#include "serve/util/memory.h"
#include "tap.h"

#define MESSAGES_MAX 600

/* Adds a block with some messages of all sizes, as a tick would. */
static void
tick(struct history *history, uint64_t *number)
{
	static char text[100000];
	struct block *block = block_new(64);
	uint32_t ends[20], count = 1 + (uint32_t)rand() % 20, at = 0;

	for (uint32_t i = 0; i < count; i++) {
		size_t len = (size_t)rand() % (rand() % 8 ? 400 : rand() % 4 ? 9000 : 100000);

		memset(text, 'a' + (int)((*number + i) % 26), len);
		block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){text, len});
		ends[i] = block->len;
	}
	block = block_trim(block);
	for (uint32_t i = 0; i < count; at = ends[i++])
		history_add(history,
			&(struct history_entry){.block = block, .at = at, .number = ++*number});
	block_unref(block);
}

/* Returns the bytes of the frames. *memory gets those of all blocks, each once, and of the ring. */
static size_t
weigh(const struct history *history, size_t *memory)
{
	size_t frames = 0;

	*memory = history->cap ? memory_cost(history->cap * sizeof(*history->ring)) : 0;
	for (uint32_t i = 0; i < history->count; i++) {
		const struct history_entry *entry = history_at(history, i);
		bool first = true;

		for (uint32_t j = 0; j < i && first; j++)
			first = history_at(history, j)->block != entry->block;
		*memory += first ? block_cost(entry->block) : 0;
		frames += block_frame_size(entry->block->bytes + entry->at);
	}
	return frames;
}

static bool
is_intact(const struct history *history)
{
	for (uint32_t i = 0; i < history->count; i++) {
		const struct history_entry *entry = history_at(history, i);
		struct chat_span text = block_frame_payload(entry->block->bytes + entry->at);

		if (text.len &&
			(text.at[0] != 'a' + (int)((entry->number - 1) % 26) ||
				text.at[text.len - 1] != text.at[0]))
			return false;
		if (i && history_at(history, i - 1)->number + 1 != entry->number)
			return false;
	}
	return true;
}

/* It counts at least what it takes, and at most one of its small blocks more. */
static void
test_walk(unsigned seed)
{
	struct history history = {0};
	bool right = true, lean = true, intact = true;
	uint64_t number = seed;
	uint32_t keep = 0;

	srand(seed);
	for (int i = 0; i < 400 && right && lean && intact; i++) {
		size_t frames, memory;

		if (rand() % 30 == 0)
			keep = (uint32_t)rand() % (rand() % 3 ? MESSAGES_MAX : 20);
		tick(&history, &number);
		while (history.count > keep)
			history_drop_oldest(&history);
		frames = weigh(&history, &memory);
		right = history.bytes >= memory && history.bytes <= memory + 8300;
		lean = history.bytes <= 2 * frames + 160 * history.count + 2 * 8300;
		intact = is_intact(&history);
	}
	ok(right, "walk %u: it counts what it takes", seed);
	ok(lean, "walk %u: and that is little more than the messages", seed);
	ok(intact, "walk %u: and each of them is there, in order", seed);
	history_free(&history);
	ok(history.bytes == 0 && !history.ring && !history.own,
		"walk %u: nothing is left when it was freed", seed);
}

/* A small and a large message of one block: the small one does not keep the block. */
static void
test_pair(void)
{
	static char megabyte[1 << 20];
	struct history history = {0};
	struct block *block = block_of_frame(CHAT_WS_TEXT, (struct chat_span){megabyte, 1 << 20});
	uint32_t letter = block->len;

	block = block_append_frame(block, CHAT_WS_TEXT, CHAT_SPAN("a letter"));
	history_add(&history, &(struct history_entry){.block = block, .at = 0, .number = 1});
	is_int(block->refs, 2, "a large message stays where it is");
	history_add(&history, &(struct history_entry){.block = block, .at = letter, .number = 2});
	is_int(block->refs, 2, "a small one is copied");
	ok(history.bytes > 1 << 20, "both count: %zu", history.bytes);
	history_drop_oldest(&history);
	is_int(block->refs, 1, "when the large one is dropped its block is freed");
	ok(history.bytes < 3000, "and only the small one counts: %zu", history.bytes);
	block_unref(block);
	history_free(&history);
}

int
main(void)
{
	test_pair();
	for (unsigned seed = 1; seed <= 12; seed++)
		test_walk(seed);
	return done();
}
