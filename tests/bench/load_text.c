/* The texts of the senders: made once, and stamped each time they are sent. */
#include "load_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/ws.h"

#define PREFIX "{\"type\":\"text\",\"text\":\""
#define SUFFIX "\"}"

static char
padding(size_t at)
{
	return (char)('a' + at % 26);
}

bool
text_padding_is_right(const char *content, size_t bytes)
{
	for (size_t i = TEXT_BYTES_MIN; i < bytes; i++)
		if (content[i] != padding(i))
			return false;
	return true;
}

void
text_init(struct text *text, uint32_t sender, size_t bytes)
{
	struct chat_ws_masks masks = {0};
	struct chat_buf json = {0}, frame = {0};
	size_t payload_at;

	chat_buf_printf(&json, PREFIX "%02x%024d", sender, 0);
	for (size_t i = TEXT_BYTES_MIN; i < bytes; i++)
		*chat_buf_reserve(&json, 1) = padding(i), json.len++;
	chat_buf_append_string(&json, SUFFIX);
	chat_ws_append(&frame, &masks, CHAT_WS_TEXT, chat_buf_span(&json));

	payload_at = frame.len - json.len;
	text->stamp_at = payload_at + strlen(PREFIX) + TEXT_COUNTER_AT;
	for (size_t i = 0; i < sizeof(text->mask); i++)
		text->mask[i] = (unsigned char)(frame.at[text->stamp_at + i] ^ '0');
	text->frame = frame.at;
	text->len = frame.len;
	text->counter = 0;
	chat_buf_free(&json);
}

void
text_free(struct text *text)
{
	free(text->frame);
}

static void
put_hex(char *at, uint64_t value, unsigned digits)
{
	while (digits) {
		at[--digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

void
text_append(struct chat_buf *out, struct text *text, uint64_t time_ns)
{
	char *at = chat_buf_reserve(out, text->len);
	char stamp[sizeof(text->mask)];

	memcpy(at, text->frame, text->len);
	put_hex(stamp, text->counter++, 8);
	put_hex(stamp + 8, time_ns, 16);
	for (size_t i = 0; i < sizeof(stamp); i++)
		at[text->stamp_at + i] = (char)(stamp[i] ^ text->mask[i]);
	out->len += text->len;
}
