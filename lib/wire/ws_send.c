/*
 * Writes frames to send: a header and a payload, which is masked if a client sends it. The server's
 * block.c uses only chat_ws_header, because its payloads are already in their place.
 */
#include <string.h>

#include "wire/random.h"
#include "wire/ws.h"

#define CLOSE_REASON_MAX 123

size_t
chat_ws_header(char header[CHAT_WS_HEADER_MAX], enum chat_ws_opcode opcode, uint64_t payload_bytes)
{
	size_t extended = payload_bytes < 126 ? 0 : payload_bytes <= UINT16_MAX ? 2 : 8;

	header[0] = (char)(0x80 | opcode);
	header[1] = (char)(extended == 0 ? payload_bytes : extended == 2 ? 126 : 127);
	for (size_t i = 0; i < extended; i++)
		header[2 + i] = (char)(payload_bytes >> (8 * (extended - 1 - i)));
	return 2 + extended;
}

static void
next_mask(struct chat_ws_masks *masks, char key[4])
{
	if (masks->left < 4) {
		chat_random(masks->block, sizeof(masks->block));
		masks->left = sizeof(masks->block);
	}
	masks->left -= 4;
	memcpy(key, masks->block + masks->left, 4);
}

void
chat_ws_copy_masked(char *to, struct chat_span from, const char key[4])
{
	uint64_t wide_key, word;
	size_t i = 0;

	memcpy(&wide_key, key, 4);
	memcpy((char *)&wide_key + 4, key, 4);
	for (; i + sizeof(word) <= from.len; i += sizeof(word)) {
		memcpy(&word, from.at + i, sizeof(word));
		word ^= wide_key;
		memcpy(to + i, &word, sizeof(word));
	}
	for (; i < from.len; i++)
		to[i] = (char)(from.at[i] ^ key[i % 4]);
}

int
chat_ws_append(struct chat_buf *out, struct chat_ws_masks *masks, enum chat_ws_opcode opcode,
	struct chat_span payload)
{
	char header[CHAT_WS_HEADER_MAX];
	size_t size = chat_ws_header(header, opcode, payload.len);
	char *to;

	if (masks) {
		header[1] = (char)(header[1] | 0x80);
		next_mask(masks, header + size);
		size += 4;
	}
	to = chat_buf_reserve(out, size + payload.len);
	if (!to)
		return -1;
	memcpy(to, header, size);
	if (masks)
		chat_ws_copy_masked(to + size, payload, header + size - 4);
	else if (payload.len > 0)
		memcpy(to + size, payload.at, payload.len);
	out->len += size + payload.len;
	return 0;
}

int
chat_ws_append_close(
	struct chat_buf *out, struct chat_ws_masks *masks, uint16_t code, const char *reason)
{
	char payload[2 + CLOSE_REASON_MAX] = {(char)(code >> 8), (char)code};
	size_t len = !reason ? 0 : strlen(reason);

	if (code == 0)
		return chat_ws_append(out, masks, CHAT_WS_CLOSE, (struct chat_span){0});
	if (len > CLOSE_REASON_MAX) {
		len = CLOSE_REASON_MAX;
		while (len > 0 && (reason[len] & 0xC0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(payload + 2, reason, len);
	return chat_ws_append(out, masks, CHAT_WS_CLOSE, (struct chat_span){payload, 2 + len});
}
