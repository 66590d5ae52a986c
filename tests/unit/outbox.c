/*
 * The client's outbox: messages are settled in the order of the input, each by the answer that is
 * about it; a lost connection, a server that says "slower" and a nonce used twice make no message
 * come twice, and none is lost without a word.
 */
#include "client/outbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static const struct identity alice = {.username = "alice", .id = "alice-id"};
static const struct via_here here;

static void
begin(struct outbox *outbox, enum ack ack, size_t window)
{
	chat_outbox_init(outbox, &alice, window);
	outbox->ack = ack;
	outbox->here = &here;
}

static void
add(struct outbox *outbox, uint64_t line, const char *json)
{
	struct draft draft;

	if (chat_draft_read(&draft, chat_span_of(json), NULL) < 0)
		abort();
	chat_outbox_add(outbox, line, &draft);
}

/* Adds texts "1", "2" and so on, in lines of these numbers. */
static void
add_texts(struct outbox *outbox, int count)
{
	char json[64];

	for (int i = 1; i <= count; i++) {
		snprintf(json, sizeof(json), "{\"text\":\"%d\"}", i);
		add(outbox, (uint64_t)i, json);
	}
}

/* Sends all that may be sent. Returns how many messages that were. */
static int
send_all(struct outbox *outbox, int64_t now_ms)
{
	struct chat_buf wire = {0};
	int count = 0;

	while (chat_outbox_send_next(outbox, now_ms, &wire) > 0)
		count++;
	chat_buf_free(&wire);
	return count;
}

/* Shows the outbox a line of the server. */
static enum outbox_result
receive(struct outbox *outbox, const char *line, int64_t now_ms)
{
	struct chat_msg msg;

	if (chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_SERVER, NULL) < 0)
		abort();
	return chat_outbox_receive(outbox, &msg, chat_span_of(line), now_ms);
}

/* The server's message with this text, and with the nonce of this number of the outbox (-1: none).
 */
static enum outbox_result
receive_text(struct outbox *outbox, const char *text, int number)
{
	char line[300], nonce[100] = "";

	if (number >= 0)
		snprintf(nonce, sizeof(nonce), ",\"nonce\":\"%s-%d\"", outbox->prefix, number);
	snprintf(line, sizeof(line),
		"{\"type\":\"message\",\"id\":\"m%s\",\"sender\":\"alice\",\"senderId\":\"alice-"
		"id\","
		"\"content\":\"%s\",\"timestamp\":1%s}",
		text, text, nonce);
	return receive(outbox, line, 1);
}

static enum outbox_result
receive_error(struct outbox *outbox, int number, const char *more, int64_t now_ms)
{
	char line[300];

	snprintf(line, sizeof(line),
		"{\"type\":\"error\",\"code\":\"%s,\"message\":\"no\",\"nonce\":\"%s-%d\"}", more,
		outbox->prefix, number);
	return receive(outbox, line, now_ms);
}

/* Takes the oldest item if it is settled. Returns its state, or -1. */
static int
take(struct outbox *outbox)
{
	const struct item *item = chat_outbox_settled(outbox);
	int state = item ? (int)item->state : -1;

	if (item)
		chat_outbox_pop(outbox);
	return state;
}

/* Returns true if the receipt of the oldest item, which is settled, ends so. */
static bool
receipt_ends(const struct outbox *outbox, const char *end)
{
	const struct item *item = chat_outbox_settled(outbox);
	size_t len = strlen(end);

	return item && item->receipt_len >= len &&
		memcmp(item->receipt + item->receipt_len - len, end, len) == 0;
}

static void
test_nonces(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_AUTO, 10);
	add_texts(&outbox, 3);
	is_int(send_all(&outbox, 1), 0,
		"nothing is sent before it is known how it is acknowledged");
	outbox.ack = ACK_NONCE;
	is_int(send_all(&outbox, 1), 3, "all is sent");
	is_int(receive_text(&outbox, "2", 1), OUTBOX_ACCEPTED, "the second one is accepted");
	is_int(take(&outbox), -1, "but the first one is reported first");
	is_int(receive_text(&outbox, "1", -1), OUTBOX_NOTHING,
		"our text without the nonce is not it");
	is_int(receive_text(&outbox, "1", 0), OUTBOX_ACCEPTED, "the first one is accepted");
	is_int(receive_text(&outbox, "1", 0), OUTBOX_NOTHING, "once");
	is_int(take(&outbox), ITEM_ACCEPTED, "the first one is reported");
	is_int(take(&outbox), ITEM_ACCEPTED, "and the second one");
	is_int(receive_text(&outbox, "other", 2), OUTBOX_OURS, "our nonce with another text");
	is_str(chat_outbox_settled(&outbox)->why, "the server's answer is not what was said",
		"is no acceptance");
	is_int(take(&outbox), ITEM_UNKNOWN, "the third one is unknown");
	ok(chat_outbox_empty(&outbox), "nothing is left");
	chat_outbox_free(&outbox);
}

static void
test_refusals(void)
{
	struct outbox outbox;
	struct chat_err err = {.code = CHAT_TEXT_EMPTY, .field = "/text", .text = "empty"};

	begin(&outbox, ACK_NONCE, 10);
	add_texts(&outbox, 1);
	chat_outbox_add_illegal(&outbox, 2, &err);
	add(&outbox, 3, "{\"text\":\"a text that is too long for this server\"}");
	outbox.server.max_message_bytes = 90;
	is_int(send_all(&outbox, 1), 1, "an illegal line and a long one are not sent");
	receive_error(&outbox, 0, "bad_message\"", 1);
	ok(receipt_ends(&outbox, ",\"line\":1}"), "a refusal names its line");
	is_int(take(&outbox), ITEM_REFUSED, "the first one is refused");
	ok(receipt_ends(&outbox,
		   "{\"type\":\"error\",\"code\":\"text_empty\",\"message\":\"empty\","
		   "\"field\":\"/text\",\"line\":2}"),
		"an illegal line has an error of our own");
	is_int(take(&outbox), ITEM_ILLEGAL, "in its place");
	is_int(take(&outbox), ITEM_ILLEGAL, "as the long one has");
	chat_outbox_free(&outbox);
}

static void
test_window(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_NONCE, 100);
	add_texts(&outbox, 100);
	ok(!chat_outbox_has_room(&outbox), "the window is full");
	is_int(send_all(&outbox, 1), 64, "a new connection gets 64 messages at once");
	is_int(receive_text(&outbox, "1", 0), OUTBOX_ACCEPTED, "one is accepted");
	is_int(send_all(&outbox, 1), 2, "two more are sent: the window grows");
	is_int(take(&outbox), ITEM_ACCEPTED, "the accepted one is taken");
	ok(chat_outbox_has_room(&outbox), "there is room again");
	chat_outbox_lost(&outbox);
	chat_outbox_rejoined(&outbox, false, false, 2);
	is_int(send_all(&outbox, 2), 32, "after a loss half as many are sent at once");
	is_int(receive_text(&outbox, "2", 1), OUTBOX_ACCEPTED, "with their nonces of before");
	chat_outbox_free(&outbox);
}

static void
test_slower(void)
{
	struct outbox outbox;
	int64_t until_ms;

	begin(&outbox, ACK_NONCE, 10);
	add_texts(&outbox, 3);
	is_int(send_all(&outbox, 1000), 3, "three are sent");
	receive_error(&outbox, 0, "rate_limited\",\"retryAfter\":500", 1000);
	receive_error(&outbox, 1, "rate_limited\",\"retryAfter\":500", 1000);
	is_int(chat_outbox_barred_ms(&outbox, &until_ms), 1000,
		"the server says slower since then");
	is_int(until_ms, 1500, "and until then");
	is_int(receive_text(&outbox, "3", 2), OUTBOX_ACCEPTED, "the third one is accepted");
	is_int(send_all(&outbox, 1499), 0, "nothing is sent before");
	is_int(chat_outbox_wake_ms(&outbox), 1500, "then it is time");
	is_int(send_all(&outbox, 1500), 1, "one is sent");
	is_int(receive_text(&outbox, "1", 0), OUTBOX_ACCEPTED, "the first one again");
	is_int(send_all(&outbox, 1500), 1, "then the next one: one at a time keeps the order");
	is_int(chat_outbox_barred_ms(&outbox, &until_ms), 0, "the server says something else");
	chat_outbox_free(&outbox);
}

/* The refused message goes first again; those behind it are in flight when the connection is lost.
 */
static void
test_slower_and_lost(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_NONCE, 10);
	add_texts(&outbox, 3);
	send_all(&outbox, 1000);
	receive_error(&outbox, 0, "rate_limited\",\"retryAfter\":500", 1000);
	chat_outbox_lost(&outbox);
	chat_outbox_rejoined(&outbox, false, false, 1100);
	is_int(send_all(&outbox, 1100), 1, "after a loss the refused message is sent again");
	is_int(receive_text(&outbox, "1", 0), OUTBOX_ACCEPTED, "it is accepted");
	is_int(send_all(&outbox, 1100), 1, "then one that was in flight");
	chat_outbox_free(&outbox);
}

static void
test_own_nonces(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_NONCE, 10);
	add(&outbox, 1, "{\"text\":\"1\",\"nonce\":\"mine\"}");
	add(&outbox, 2, "{\"text\":\"2\",\"nonce\":\"m\\u0069ne\"}");
	is_int(send_all(&outbox, 1), 1, "of two messages with one nonce one is sent");
	is_int(chat_outbox_wake_ms(&outbox), INT64_MAX, "no time alone brings the other one");
	is_int(receive(&outbox,
		       "{\"type\":\"error\",\"code\":\"nonce_reused\",\"message\":\"no\","
		       "\"nonce\":\"mine\"}",
		       1),
		OUTBOX_OURS, "the answer has the nonce");
	is_int(send_all(&outbox, 1), 1, "then the other one is sent");
	chat_outbox_free(&outbox);
}

static void
test_plain_server(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_ECHO, 10);
	add_texts(&outbox, 3);
	send_all(&outbox, 1);
	is_int(receive_text(&outbox, "2", -1), OUTBOX_ACCEPTED, "our text comes back");
	is_int(receive(&outbox, "{\"type\":\"error\",\"code\":\"x\",\"message\":\"no\"}", 1),
		OUTBOX_OURS, "an error is about the oldest");
	is_int(take(&outbox), ITEM_REFUSED, "the first one is refused");
	is_int(take(&outbox), ITEM_ACCEPTED, "the second one is accepted");
	chat_outbox_rejoined(&outbox, true, false, 2);
	is_int(take(&outbox), ITEM_UNKNOWN, "after a loss the third one is unknown");
	chat_outbox_free(&outbox);

	begin(&outbox, ACK_CLOSE, 10);
	add_texts(&outbox, 2);
	send_all(&outbox, 1);
	chat_outbox_closed(&outbox);
	is_int(take(&outbox), ITEM_PASSED, "a Close that is answered says that all was read");
	chat_outbox_free(&outbox);
}

static void
test_losses(void)
{
	struct outbox outbox;

	begin(&outbox, ACK_NONCE, 10);
	add_texts(&outbox, 2);
	send_all(&outbox, 1);
	chat_outbox_lost(&outbox);
	chat_outbox_rejoined(&outbox, true, true, 2);
	is_int(send_all(&outbox, 2), 2, "what a complete history does not have is sent again");
	ok(chat_outbox_needs_history(&outbox, 200000), "an old nonce needs a history");
	ok(!chat_outbox_needs_history(&outbox, 3), "a young one does not");
	chat_outbox_rejoined(&outbox, false, false, 300000);
	is_int(take(&outbox), ITEM_UNKNOWN, "a nonce that may be forgotten is not sent again");
	chat_outbox_free(&outbox);

	begin(&outbox, ACK_NONCE, 10);
	add_texts(&outbox, 1);
	send_all(&outbox, 1);
	chat_outbox_rejoined(&outbox, false, true, 2);
	is_int(take(&outbox), ITEM_UNKNOWN, "nor anything to a server that has forgotten");
	chat_outbox_free(&outbox);

	begin(&outbox, ACK_NONCE, 1);
	add_texts(&outbox, 2);
	send_all(&outbox, 1);
	chat_outbox_give_up(&outbox);
	is_int(take(&outbox), ITEM_UNKNOWN, "at the end what was sent is unknown");
	is_int(take(&outbox), ITEM_UNSENT, "and what was not is unsent");
	chat_outbox_free(&outbox);
}

/* The ring of items grows while items lie across its end. */
static void
test_ring(void)
{
	struct outbox outbox;
	char text[16];
	int accepted = 0;

	begin(&outbox, ACK_NONCE, 1000);
	chat_outbox_widen(&outbox, 1000);
	add_texts(&outbox, 50);
	send_all(&outbox, 1);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "%d", i + 1);
		receive_text(&outbox, text, i);
		take(&outbox);
	}
	add_texts(&outbox, 200);
	send_all(&outbox, 1);
	for (int i = 40; i < 250; i++) {
		snprintf(text, sizeof(text), "%d", i < 50 ? i + 1 : i - 49);
		receive_text(&outbox, text, i);
		accepted += take(&outbox) == ITEM_ACCEPTED;
	}
	is_int(accepted, 210, "every message is found again when the ring has grown");
	ok(chat_outbox_empty(&outbox) && outbox.bytes == 0 && outbox.in_flight == 0,
		"nothing is left of them");
	chat_outbox_free(&outbox);
}

int
main(void)
{
	test_nonces();
	test_refusals();
	test_window();
	test_slower();
	test_slower_and_lost();
	test_own_nonces();
	test_plain_server();
	test_losses();
	test_ring();
	return done();
}
