/*
 * The answer to a message that is posted twice. post.c calls this for a message that is published
 * already, publish.c for one that was posted again while it was pending, and since.c after a page
 * was sent.
 */
#include "serve/channel/echo.h"

#include <stdlib.h>
#include <string.h>

#include "serve/channel/member.h"
#include "serve/frame/page_cache.h"
#include "serve/journal/message_id.h"
#include "text/array.h"
#include "text/buf.h"

struct owed_echo {
	uint64_t number; /* of the message */
	uint64_t times;
};

/* The beginning of every `message`, before its id (encode_message). */
#define MESSAGE_HEAD_LEN (sizeof("{\"type\":\"message\",\"id\":\"") - 1)

/* ---- owing ---- */

void
member_catchup_free(struct member_catchup *catchup)
{
	free(catchup->owed);
}

bool
member_is_owed_many_echoes(const struct member *member)
{
	return member->catchup && member->catchup->owed_count >= ECHO_OWED_MOST;
}

static void
owe_echo(struct member_catchup *catchup, uint64_t number, uint64_t times)
{
	for (uint32_t i = 0; i < catchup->owed_count; i++)
		if (catchup->owed[i].number == number) {
			catchup->owed[i].times += times;
			return;
		}
	ARRAY_GROW(catchup->owed, catchup->owed_count, catchup->owed_cap, 4);
	catchup->owed[catchup->owed_count++] = (struct owed_echo){number, times};
}

/* Returns the number in the id of the message in this frame. */
static uint64_t
frame_number(const struct block *block, uint32_t at)
{
	struct chat_span text = block_frame_payload(block->bytes + at);
	uint64_t epoch, number = 0;

	message_id_read(
		(struct chat_span){text.at + MESSAGE_HEAD_LEN, MESSAGE_ID_LEN}, &epoch, &number);
	return number;
}

void
member_echo(struct member *member, struct block *block, uint32_t at, uint64_t times)
{
	uint64_t number = member->catchup ? frame_number(block, at) : 0;

	if (member_has_passed(member, number))
		member_send_frame(member, block, at, times);
	else
		owe_echo(member->catchup, number, times);
}

/* ---- paying ---- */

/*
 * Returns the text of the message with this number in the page, or a span of length 0 if the page
 * does not have it. Searches for text with quotes that are not escaped, so that no string in a
 * message can match.
 */
static struct chat_span
page_find_message(const struct page *page, uint64_t number)
{
	static const char follows[] = "\",\"sender\":";
	static const char next[] = ",{\"type\":\"message\"", last[] = "],\"complete\":";
	struct chat_span payload = block_frame_payload(page->block->bytes);
	const char *behind = payload.at + payload.len, *id, *end;
	char ending[MESSAGE_ID_LEN + sizeof(follows)];

	message_id_write(ending, 0, number);
	memcpy(ending + MESSAGE_ID_LEN, follows, sizeof(follows));
	id = memmem(payload.at, payload.len, ending + MESSAGE_ID_EPOCH_LEN,
		strlen(ending + MESSAGE_ID_EPOCH_LEN));
	if (!id)
		return (struct chat_span){0};
	end = memmem(id, (size_t)(behind - id), next, sizeof(next) - 1);
	if (!end)
		end = memmem(id, (size_t)(behind - id), last, sizeof(last) - 1);
	id -= MESSAGE_ID_EPOCH_LEN + MESSAGE_HEAD_LEN;
	return (struct chat_span){id, (size_t)(end - id)};
}

static void
send_text(struct member *member, struct chat_span text, uint64_t times)
{
	struct block *block = block_of_frame(CHAT_WS_TEXT, text);

	member_send_frame(member, block, 0, times);
	block_unref(block);
}

void
member_send_owed_echoes(struct member *member, const struct page *page)
{
	struct member_catchup *catchup = member->catchup;
	uint32_t left = 0;

	for (uint32_t i = 0; i < catchup->owed_count; i++) {
		const struct owed_echo *owed = &catchup->owed[i];
		struct chat_span text = {0};

		if (owed->number > page->end)
			catchup->owed[left++] = *owed;
		else if (page->block)
			text = page_find_message(page, owed->number);
		if (text.len)
			send_text(member, text, owed->times);
	}
	catchup->owed_count = left;
}
