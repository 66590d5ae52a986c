/*
 * The receiving side. Each frame must be the next one of its sender; the order of all frames goes
 * into a hash.
 */
#include "load_stream.h"

#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "load_text.h"
#include "text/buf.h"
#include "wire/ws.h"

#define KEY "\"content\":\""
#define KEY_LEN (sizeof(KEY) - 1)
#define PAYLOAD_MAX ((uint64_t)16 << 20)
#define AROUND_MAX 1024 /* bytes of a frame around its content */

void
stream_init(struct stream *stream, const struct layout *layout, bool checks)
{
	*stream = (struct stream){0};
	if (checks)
		stream->next = chat_alloc_zeroed(layout->senders, sizeof(*stream->next));
}

void
stream_free(struct stream *stream)
{
	free(stream->next);
	free(stream->tail);
}

static uint64_t
big_endian(const unsigned char *at, size_t len)
{
	uint64_t value = 0;

	while (len--)
		value = value << 8 | *at++;
	return value;
}

size_t
stream_frame(struct chat_span bytes, unsigned *opcode, struct chat_span *payload)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	size_t header = 2;
	uint64_t len;

	if (bytes.len < 2)
		return 0;
	if ((at[0] & 0xf0) != 0x80 || at[1] & 0x80)
		chat_die(1, "a frame begins with %02x %02x", at[0], at[1]);
	len = at[1];
	if (len >= 126)
		header = len == 126 ? 4 : 10;
	if (bytes.len < header)
		return 0;
	if (len >= 126)
		len = big_endian(at + 2, header - 2);
	if (len > PAYLOAD_MAX)
		chat_die(1, "a frame of %llu bytes", (unsigned long long)len);
	*opcode = at[0] & 0x0f;
	*payload = (struct chat_span){bytes.at + header, (size_t)len};
	return bytes.len - header < len ? 0 : header + (size_t)len;
}

/* Returns the place of the content in a frame, which is mostly the same as in the last one. */
static const char *
stream_content(struct layout *layout, const char *frame, size_t len)
{
	const char *key = frame + layout->content_at - KEY_LEN;

	if (!layout->content_at || memcmp(key, KEY, KEY_LEN) != 0) {
		key = memmem(frame, len, KEY, KEY_LEN);
		if (!key)
			chat_die(1, "a message has no content: %.*s", (int)len, frame);
		layout->content_at = (size_t)(key - frame) + KEY_LEN;
	}
	if (layout->content_at + layout->content_bytes > len)
		chat_die(1, "a content is too short");
	return frame + layout->content_at;
}

static void
stream_learn(struct layout *layout, size_t len, unsigned opcode, struct chat_span payload)
{
	if (opcode != CHAT_WS_TEXT)
		chat_die(1, "a frame of opcode %u in between", opcode);
	if (layout->frame_bytes && layout->frame_bytes != len)
		chat_die(1, "frames are to be of one size, one is of %zu bytes, one of %zu: %.*s",
			layout->frame_bytes, len, (int)payload.len, payload.at);
	layout->frame_bytes = len;
}

static void
stream_count(
	struct stream *stream, const struct layout *layout, const char *content, uint32_t sender)
{
	uint32_t counter = text_hex(content + TEXT_COUNTER_AT);

	if (sender >= layout->senders || counter != stream->next[sender])
		chat_die(1, "frame %llu is text %u of sender %u, whose text %u is due",
			(unsigned long long)stream->frames, counter, sender,
			sender < layout->senders ? stream->next[sender] : 0);
	if (layout->verify && !text_padding_is_right(content, layout->content_bytes))
		chat_die(1, "text %u of sender %u came changed", counter, sender);
	stream->next[sender]++;
	stream->frames++;
	stream->hash = (stream->hash ^ ((uint64_t)sender << 32 | counter)) * 0x9e3779b97f4a7c15;
	stream->hash ^= stream->hash >> 32;
}

size_t
stream_take_tail(struct stream *stream, char *to)
{
	size_t len = stream->tail_len;

	if (len)
		memcpy(to, stream->tail, len);
	stream->tail_len = 0;
	return len;
}

static void
stream_keep_tail(struct stream *stream, const struct layout *layout, struct chat_span rest)
{
	if (!rest.len)
		return;
	if (rest.len > layout->content_bytes + AROUND_MAX)
		chat_die(1, "a frame of more than %zu bytes", rest.len);
	if (!stream->tail)
		stream->tail = chat_alloc(layout->content_bytes + AROUND_MAX);
	memcpy(stream->tail, rest.at, rest.len);
	stream->tail_len = rest.len;
}

size_t
stream_check(struct stream *stream, struct layout *layout, struct chat_span bytes, uint32_t own,
	uint64_t now_ns)
{
	struct chat_span payload;
	unsigned opcode;
	size_t len, echoes = 0;

	while ((len = stream_frame(bytes, &opcode, &payload))) {
		const char *content;
		uint32_t sender;

		if (len != layout->frame_bytes || opcode != CHAT_WS_TEXT)
			stream_learn(layout, len, opcode, payload);
		content = stream_content(layout, bytes.at, len);
		sender = text_sender(content);
		if (layout->latency && (stream->frames & layout->latency_mask) == 0)
			durations_add(layout->latency, now_ns - text_time_ns(content));
		stream_count(stream, layout, content, sender);
		echoes += sender == own;
		bytes.at += len;
		bytes.len -= len;
	}
	stream_keep_tail(stream, layout, bytes);
	return echoes;
}
