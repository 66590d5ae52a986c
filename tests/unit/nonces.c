/* The memory of nonces: which are equal, when they are removed, and that each owner has a fair
 * share. */
#include "serve/channel/nonces.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

#define SMALL_COST 400 /* more than a nonce and a small message take */

static struct nonce_key
key_of(const char *channel, const char *id, const char *text)
{
	return nonce_key(chat_span_of(channel), chat_span_of(id), chat_span_of(text));
}

static struct nonce *
find(const struct nonces *nonces, const char *text)
{
	return nonces_find(nonces, key_of("/", "id", text));
}

static struct nonce *
add(struct nonces *nonces, uint64_t owner, const char *text)
{
	return nonces_add(nonces, key_of("/", "id", text), &(struct nonce_message){.owner = owner});
}

/* Returns a block with a frame of `before` bytes and one of `payload` bytes, at *at. */
static struct block *
block_of(size_t before, size_t payload, uint32_t *at)
{
	char *bytes = calloc(1, before + payload + 1);
	struct block *block = block_of_frame(CHAT_WS_TEXT, (struct chat_span){bytes, before});

	*at = block->len;
	block = block_append_frame(block, CHAT_WS_TEXT, (struct chat_span){bytes, payload});
	free(bytes);
	return block;
}

static void
publish(struct nonces *nonces, struct nonce *nonce, size_t payload, int64_t now_ms)
{
	uint32_t at;
	struct block *block = block_of(5, payload, &at);

	nonces_publish(nonces, nonce, block, at, now_ms);
	block_unref(block);
}

static void
test_key(void)
{
	struct nonces nonces = {.most = 100, .most_bytes = 10000, .keep_ms = 1000};
	struct nonce_message message = {.owner = 1, .digest = 7, .sender = 8};
	struct nonce *nonce = nonces_add(&nonces, key_of("/c", "ab", "c"), &message);
	char id[NONCE_ID_MAX], text[NONCE_MAX];
	struct nonce_key longest;
	uint32_t at, senders = 0;

	ok(nonces_find(&nonces, key_of("/c", "ab", "c")) == nonce, "the same nonce is found");
	ok(!nonces_find(&nonces, key_of("/", "ab", "c")), "not in another channel");
	ok(!nonces_find(&nonces, key_of("/c", "a", "bc")),
		"nor with a byte of the nonce in the id");
	ok(!nonces_find(&nonces, key_of("/ca", "b", "c")),
		"nor with a byte of the id in the channel");
	ok(!nonces_find(&nonces, key_of("/c", "ab", "cc")), "nor if it is longer");
	ok(nonce_digest(nonce) == 7 && nonce_senders(nonce)->sender == 8, "its message is known");
	nonce_add_sender(nonce, 9);
	nonce_add_sender(nonce, 8);
	nonce_add_sender(nonce, 9);
	nonce_add_sender(nonce, 9);
	ok(nonce_senders(nonce)->count == 2 && nonce_senders(nonce)->next->sender == 9 &&
			nonce_senders(nonce)->next->count == 3 && !nonce_senders(nonce)->next->next,
		"and how often each member has posted it while it is pending");
	for (uint64_t sender = 10; sender < 1000; sender++)
		nonce_add_sender(nonce, sender);
	for (const struct nonce_sender *said = nonce_senders(nonce); said; said = said->next)
		senders++;
	is_int(senders, NONCE_SENDERS_MOST, "a limited number of members is noted");
	ok(!nonce_block(nonce, &at), "it has no message yet");
	publish(&nonces, nonce, 10, 0);
	ok(nonce_block(nonce, &at), "then it has one");
	is_int(block_frame_payload(nonce_block(nonce, &at)->bytes + at).len, 10, "the right one");
	memset(id, 'i', sizeof(id));
	memset(text, 'n', sizeof(text));
	longest = nonce_key(CHAT_SPAN("/"), (struct chat_span){id, sizeof(id)},
		(struct chat_span){text, sizeof(text)});
	nonce = nonces_add(&nonces, longest, &message);
	ok(nonces_find(&nonces, longest) == nonce, "the longest key of all is found");
	nonces_remove(&nonces, nonce);
	ok(!nonces_find(&nonces, longest), "removed, it is not");
	nonces_free(&nonces);
	ok(nonces.count == 0 && nonces.shares.amount == 0 && !nonces.by_key && !nonces.owners,
		"it is empty when it was freed");
}

static void
test_time(void)
{
	struct nonces nonces = {.most = 100, .most_bytes = 10000, .keep_ms = 1000};

	publish(&nonces, add(&nonces, 1, "a"), 1, 0);
	add(&nonces, 1, "waits");
	publish(&nonces, add(&nonces, 1, "b"), 1, 500);
	nonces_expire(&nonces, 1000);
	ok(find(&nonces, "a"), "one is kept for its time");
	nonces_expire(&nonces, 1001);
	ok(!find(&nonces, "a"), "and no longer");
	ok(find(&nonces, "b"), "while a younger one stays");
	nonces_expire(&nonces, 100000);
	ok(!find(&nonces, "b"), "a pending one does not keep younger ones");
	ok(find(&nonces, "waits"), "and stays itself");
	nonces_free(&nonces);
}

static void
test_bounds(void)
{
	struct nonces nonces = {.most = 3, .most_bytes = 10000, .keep_ms = 1000};
	char text[2] = "a";

	for (; *text <= 'e'; ++*text)
		publish(&nonces, add(&nonces, 1, text), 1, 0);
	is_int(nonces.count, 3, "there are no more than the limit");
	ok(!find(&nonces, "b") && find(&nonces, "c"), "the oldest are removed");
	nonces.most = 100;
	publish(&nonces, add(&nonces, 1, "big"), 9500, 0);
	ok(nonces.shares.amount <= 10000 && find(&nonces, "big"), "nor more bytes than the limit");
	ok(!find(&nonces, "c"), "the oldest are removed for them");
	publish(&nonces, add(&nonces, 1, "huge"), 20000, 0);
	ok(!find(&nonces, "huge") && nonces.count == 0, "one that is too large alone is not kept");
	is_int(nonces.shares.amount, 0, "and no bytes are counted");
	nonces_free(&nonces);
}

/* Owner 2 has ten nonces; owner 1 posts as many as it can. */
static void
test_shares(size_t payload, const char *what)
{
	struct nonces nonces = {.most = 100, .most_bytes = 100000, .keep_ms = 1000};
	char text[20];
	bool kept = true;

	for (int i = 0; i < 10; i++) {
		sprintf(text, "mine %d", i);
		publish(&nonces, add(&nonces, 2, text), 10, 0);
	}
	for (int i = 0; i < 1000; i++) {
		sprintf(text, "%d", i);
		add(&nonces, 1, text);
	}
	for (int i = 0; i < 1000; i++) {
		sprintf(text, "%d", i);
		publish(&nonces, find(&nonces, text), payload, 0);
	}
	for (int i = 0; i < 10; i++) {
		sprintf(text, "mine %d", i);
		kept = kept && find(&nonces, text);
	}
	ok(kept, "%s of another owner do not push out those of this one", what);
	ok(find(&nonces, "999") && !find(&nonces, "0"), "but the oldest of that owner");
	ok(nonces.count <= 100 && nonces.shares.amount <= 100000, "the limits are kept");
	nonces_free(&nonces);
}

/* Each nonce is charged for its own message, also if that was in a large block. */
static void
test_cost(void)
{
	struct nonces nonces = {.most = 100, .most_bytes = 10000000, .keep_ms = 1000};
	uint32_t at;
	struct block *block = block_of(1000000, 20, &at), *kept;

	nonces_publish(&nonces, add(&nonces, 1, "small"), block, at, 0);
	is_int(block->refs, 1, "a small message does not keep a large block");
	ok(nonces.shares.amount < SMALL_COST, "it costs %zu bytes", nonces.shares.amount);
	kept = nonce_block(find(&nonces, "small"), &at);
	ok(kept->len == block_frame_size(kept->bytes + at) && kept->cap < 100,
		"it has a block for itself");
	block_unref(block);
	block = block_of(10, 1000000, &at);
	nonces_publish(&nonces, add(&nonces, 1, "large"), block, at, 0);
	is_int(block->refs, 2, "a message that is most of its block shares it");
	ok(nonces.shares.amount > 1000000 && nonces.shares.amount >= block->cap,
		"and all of the block is counted: %zu bytes", nonces.shares.amount);
	block_unref(block);
	nonces_free(&nonces);
}

/* So many nonces of two owners, twice the limit. */
static double
work_nonces(unsigned count)
{
	struct nonces nonces = {.most = count / 2, .most_bytes = SIZE_MAX / 2, .keep_ms = 1000};
	struct block *block = block_of_frame(CHAT_WS_TEXT, CHAT_SPAN("text"));
	double begun = cpu_s();
	char text[20];

	for (unsigned i = 0; i < count; i++) {
		sprintf(text, "%u", i);
		nonces_publish(&nonces, add(&nonces, i % 2, text), block, 0, i);
		nonces_expire(&nonces, i);
	}
	nonces_free(&nonces);
	block_unref(block);
	return cpu_s() - begun;
}

int
main(void)
{
	test_key();
	test_time();
	test_bounds();
	test_shares(10, "many nonces");
	test_shares(9000, "large messages");
	test_cost();
	is_linear(work_nonces, 10000, "100,000 nonces come and are forgotten");
	return done();
}
