/* Frames in blocks: with headers of every length they are read as they were written. */
#include "serve/frame/block.h"

#include <stdlib.h>

#include "tap.h"

static const size_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 20};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static size_t
header_of(size_t payload)
{
	return payload < 126 ? 2 : payload < 65536 ? 4 : 10;
}

static bool
filled(struct chat_span payload, size_t len, char with)
{
	if (payload.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (payload.at[i] != with)
			return false;
	return true;
}

/* Frames of all sizes in one block that grows are found one behind the other. */
static void
test_append(void)
{
	struct block *block = block_new(0);
	char *payload = malloc(sizes[SIZES - 1]);
	uint32_t at = 0;

	for (size_t i = 0; i < SIZES; i++) {
		memset(payload, 'a' + (int)i, sizes[i]);
		block = block_append_frame(
			block, CHAT_WS_TEXT, (struct chat_span){payload, sizes[i]});
	}
	free(payload);
	block = block_trim(block);
	is_int(block->refs, 1, "growing and trimming leave one reference");
	for (size_t i = 0; i < SIZES; i++) {
		const char *frame = block->bytes + at;

		is_int((unsigned char)frame[0], 0x81, "a whole text frame of %zu bytes", sizes[i]);
		is_int(block_frame_size(frame), header_of(sizes[i]) + sizes[i],
			"its size with %zu bytes", sizes[i]);
		ok(filled(block_frame_payload(frame), sizes[i], (char)('a' + i)),
			"its payload of %zu bytes", sizes[i]);
		at += (uint32_t)block_frame_size(frame);
	}
	is_int(at, block->len, "nothing lies between the frames or behind them");
	block_unref(block);
}

/* A frame that is kept for long takes little more memory than its bytes. */
static void
test_keep(void)
{
	static char kilobytes[10000];
	struct block *block = block_of_frame(CHAT_WS_TEXT, (struct chat_span){kilobytes, 10000});
	uint32_t letter = block->len, at = letter, whole = 0;
	struct block *kept, *same;

	block = block_append_frame(block, CHAT_WS_TEXT, CHAT_SPAN("a letter"));
	block = block_trim(block);
	kept = block_keep(block, &at);
	ok(kept != block && block->refs == 1, "a small frame does not keep a large block");
	ok(at == 0 && kept->len == 10 && block_cost(kept) <= 64, "it has a block of its own");
	ok(memcmp(kept->bytes, block->bytes + letter, 10) == 0, "with the same bytes");
	same = block_keep(block, &whole);
	ok(same == block && whole == 0 && block->refs == 2, "a large one is kept where it is");
	at = 0;
	block_unref(same);
	same = block_keep(kept, &at);
	ok(same == kept, "and so is one that has a block for itself");
	block_unref(same);
	block_unref(kept);
	block_unref(block);
}

/* A payload may be shorter than what was reserved, and so may be its header. */
static void
test_shorter(size_t max, size_t len)
{
	struct block *block = block_append_frame(block_new(4), CHAT_WS_TEXT, CHAT_SPAN("before"));
	uint32_t before = block->len, at;

	block = block_frame_begin(block, max);
	memset(block->bytes + block->len, 'x', len);
	at = block_frame_end(block, CHAT_WS_TEXT, max, len);
	is_int(at, before, "%zu of %zu bytes: the frame begins where the block ended", len, max);
	ok(filled(block_frame_payload(block->bytes + at), len, 'x'),
		"%zu of %zu bytes: the payload is whole", len, max);
	is_int(block->len, before + header_of(len) + len, "%zu of %zu bytes: no gap", len, max);
	block = block_append_frame(block, CHAT_WS_PONG, CHAT_SPAN("after"));
	is_int((unsigned char)block->bytes[at + block_frame_size(block->bytes + at)], 0x8A,
		"%zu of %zu bytes: the next frame follows", len, max);
	block_unref(block);
}

static void
test_references(void)
{
	struct block *block = block_of_frame(CHAT_WS_CLOSE, CHAT_SPAN("\x03\xe8"));

	ok(block->len == 4 && memcmp(block->bytes, "\x88\x02\x03\xe8", 4) == 0, "one Close frame");
	block_unref(block_ref(block));
	is_int(block->refs, 1, "a reference taken and given back");
	block_unref(block);
	block_unref(NULL);
	ok(true, "NULL has no reference");
}

/* The largest message and the largest page that the options allow fit into one block. */
static void
test_largest(void)
{
	struct block *block;

	if (SIZE_MAX <= UINT32_MAX) {
		ok(true,
			"a block of its limit # SKIP an address has 32 bits, and memory no such "
			"gap");
		return;
	}
	block = block_new((size_t)512 << 20);
	block = block_reserve(block, ((size_t)1 << 30) + ((size_t)512 << 20) - 1);
	ok(block->cap > (uint32_t)3 << 29 || block->cap == ((uint32_t)3 << 29) - 1,
		"a block takes a message of 512 MiB and a page of 1 GiB");
	block->len = block->cap;
	block = block_reserve(block, 100);
	ok(block->cap >= block->len + 100 && block->cap <= BLOCK_MAX,
		"it does not grow over its limit");
	block_unref(block);
}

int
main(void)
{
	test_largest();
	test_append();
	for (size_t i = 0; i < SIZES; i++)
		for (size_t j = 0; j <= i; j++)
			test_shorter(sizes[i], sizes[j]);
	test_keep();
	test_references();
	return done();
}
