/* The memory of nonces: what is the same, what is forgotten when, what stays until it is published.
 */
#include "serve/nonces.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static struct nonce *
find(const struct nonces *nonces, uint64_t room, const char *id, const char *text)
{
	return nonces_find(nonces, room, chat_span_of(id), chat_span_of(text));
}

static struct nonce *
add(struct nonces *nonces, const char *text, int64_t now_ms)
{
	return nonces_add(nonces, 1, CHAT_SPAN("id"), chat_span_of(text), now_ms, 0);
}

static void
publish(struct nonces *nonces, struct nonce *nonce, size_t payload)
{
	char *bytes = calloc(1, payload + 1);
	struct block *block = block_append_frame(block_new(16), CHAT_WS_TEXT, CHAT_SPAN("before"));
	uint32_t at = block->len;

	block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){bytes, payload});
	nonces_publish(nonces, nonce, block, at);
	block_unref(block);
	free(bytes);
}

static void
test_key(void)
{
	struct nonces nonces = {.most = 100, .most_bytes = 1000, .keep_ms = 1000};
	struct nonce *nonce = nonces_add(&nonces, 1, CHAT_SPAN("ab"), CHAT_SPAN("c"), 0, 0);
	char id[NONCE_ID_MAX], text[NONCE_MAX];
	struct chat_span long_id = {id, sizeof(id)}, long_text = {text, sizeof(text)};
	uint32_t at;

	ok(find(&nonces, 1, "ab", "c") == nonce, "the same is found");
	ok(!find(&nonces, 2, "ab", "c"), "not in another room");
	ok(!find(&nonces, 1, "a", "bc"), "id and nonce do not run into each other");
	ok(!find(&nonces, 1, "ab", "cc"), "nor is a longer one");
	ok(!nonce_block(nonce, &at), "it has no message yet");
	publish(&nonces, nonce, 10);
	ok(nonce_block(nonce, &at), "then it has");
	is_int(block_frame_payload(nonce_block(nonce, &at)->bytes + at).len, 10, "the right one");
	memset(id, 'i', sizeof(id));
	memset(text, 'n', sizeof(text));
	nonce = nonces_add(&nonces, UINT64_MAX, long_id, long_text, 0, 0);
	ok(nonces_find(&nonces, UINT64_MAX, long_id, long_text) == nonce, "the longest of all");
	nonces_remove(&nonces, nonce);
	ok(!nonces_find(&nonces, UINT64_MAX, long_id, long_text), "removed, it may be tried again");
	nonces_free(&nonces);
	ok(nonces.count == 0 && nonces.bytes == 0 && !nonces.by_key, "freed, it is empty");
}

static void
test_time(void)
{
	struct nonces nonces = {.most = 100, .most_bytes = 1000, .keep_ms = 1000};

	publish(&nonces, add(&nonces, "a", 0), 1);
	publish(&nonces, add(&nonces, "b", 500), 1);
	nonces_expire(&nonces, 1000);
	ok(find(&nonces, 1, "id", "a"), "kept for its time");
	nonces_expire(&nonces, 1001);
	ok(!find(&nonces, 1, "id", "a"), "and no longer");
	ok(find(&nonces, 1, "id", "b"), "while the younger stays");
	add(&nonces, "pending", 600);
	nonces_expire(&nonces, 100000);
	ok(!find(&nonces, 1, "id", "b"), "all that is old goes");
	ok(find(&nonces, 1, "id", "pending"), "but what is on its way");
	nonces_free(&nonces);
}

static void
test_bounds(void)
{
	struct nonces nonces = {.most = 3, .most_bytes = 1000, .keep_ms = 1000};
	char text[2] = "a";

	for (; *text <= 'e'; ++*text)
		publish(&nonces, add(&nonces, text, 0), 1);
	is_int(nonces.count, 3, "no more than it may hold");
	ok(!find(&nonces, 1, "id", "b") && find(&nonces, 1, "id", "c"), "the oldest go");
	nonces.most = 100;
	publish(&nonces, add(&nonces, "big", 0), 995);
	ok(nonces.bytes <= 1000 && find(&nonces, 1, "id", "big"), "nor more bytes");
	ok(!find(&nonces, 1, "id", "c"), "the oldest go for them");
	publish(&nonces, add(&nonces, "huge", 0), 2000);
	ok(!find(&nonces, 1, "id", "huge") && nonces.count == 0, "one too big alone is not kept");
	is_int(nonces.bytes, 0, "and leaves nothing");
	nonces_free(&nonces);
}

int
main(void)
{
	test_key();
	test_time();
	test_bounds();
	return done();
}
