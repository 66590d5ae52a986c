/* Frames of WebSocket, as they should be and otherwise. */
#include <string.h>

#include "simulation/adversary_private.h"

#define FIN 0x80
#define TEXT 0x1
#define MASKED 0x80
#define BIG 260000 /* bytes of a big message */

static void
put_length(struct evil *evil, size_t len, unsigned mask_bit)
{
	unsigned char bytes[9];
	size_t count = len < 126 ? 0 : len < 65536 && evil_below(20) ? 2 : 8;

	bytes[0] = (unsigned char)(mask_bit | (count == 0 ? len : count == 2 ? 126 : 127));
	for (size_t i = 0; i < count; i++)
		bytes[count - i] = (unsigned char)(len >> 8 * i);
	evil_put(evil, bytes, count + 1);
}

void
evil_put_frame(struct evil *evil, unsigned first, const char *text, size_t len)
{
	bool masked = evil_below(100) > 0;
	char mask[4] = "", byte = (char)first;
	size_t from;

	evil_put(evil, &byte, 1);
	put_length(evil, len, masked ? MASKED : 0);
	for (size_t i = 0; i < sizeof(mask) && evil_below(2); i++)
		mask[i] = (char)evil_below(256);
	if (masked)
		evil_put(evil, mask, sizeof(mask));
	from = evil->len;
	evil_put(evil, text, len);
	for (size_t i = from; masked && i < evil->len; i++)
		evil->bytes[i] ^= mask[(i - from) % sizeof(mask)];
}

void
evil_put_good_frame(struct evil *evil, const char *text, size_t len)
{
	unsigned char head[8] = {FIN | TEXT, MASKED | (unsigned char)(len < 126 ? len : 126)};
	size_t head_len = 2;

	if (len >= 126) {
		head[head_len++] = (unsigned char)(len >> 8);
		head[head_len++] = (unsigned char)len;
	}
	evil_put(evil, head, head_len + 4); /* the mask is 0 */
	evil_put(evil, text, len);
}

/* A text in fragments, with pings between them. */
static void
put_fragments(struct evil *evil, const char *text, size_t len)
{
	unsigned first = TEXT;

	while (len > 1 && evil_below(6)) {
		size_t part = 1 + evil_below(len - 1);

		evil_put_frame(evil, first, text, part);
		first = 0;
		text += part;
		len -= part;
		if (evil_below(4) == 0)
			evil_put_control(evil);
	}
	evil_put_frame(evil, first | FIN, text, len);
}

void
evil_put_text(struct evil *evil, const char *text, size_t len)
{
	if (evil_below(30) == 0)
		evil_put_frame(evil, (unsigned)evil_below(256), text, len);
	else if (evil_below(6) == 0)
		put_fragments(evil, text, len);
	else
		evil_put_frame(evil, FIN | TEXT, text, len);
}

void
evil_put_control(struct evil *evil)
{
	static const char payload[130] = "\x03\xe8going";
	unsigned opcode = evil_below(8) ? 0x9 + (unsigned)evil_below(2) : 0x8;

	if (evil_below(20) == 0)
		opcode = (unsigned)evil_below(16);
	evil_put_frame(evil, FIN | opcode, payload, evil_below(3) ? evil_below(128) : 0);
}

size_t
evil_put_big_begin(struct evil *evil)
{
	static const char begin[] = "{\"type\":\"text\",\"text\":\"evil";
	size_t before = evil->len, len = BIG;
	unsigned char head[] = {FIN | TEXT, MASKED | 127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < 8; i++)
		head[9 - i] = (unsigned char)(len >> 8 * i);
	evil_put(evil, head, sizeof(head));
	evil_put(evil, begin, sizeof(begin) - 1);
	return len - (evil->len - before - sizeof(head));
}
