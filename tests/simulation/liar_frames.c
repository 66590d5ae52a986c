/* The frames of a lying server, and those that it gets. */
#include <string.h>

#include "simulation/liar_private.h"

/* Puts a frame. first: its first byte. claimed: the length that its head says. */
static void
put_frame(struct lie *lie, unsigned first, uint64_t claimed, const char *text, size_t len)
{
	unsigned char head[14] = {(unsigned char)first};
	size_t head_len = 2;

	if (claimed < 126) {
		head[1] = (unsigned char)claimed;
	} else {
		size_t bytes = claimed < 65536 ? 2 : 8;

		head[1] = bytes == 2 ? 126 : 127;
		for (size_t i = 0; i < bytes; i++)
			head[2 + i] = (unsigned char)(claimed >> 8 * (bytes - 1 - i));
		head_len += bytes;
	}
	if (sizeof(lie->out) - lie->out_len < head_len + len)
		return;
	lie_put(lie, head, head_len);
	lie_put(lie, text, len);
}

/* A text in pieces, with a ping between them. */
static void
put_pieces(struct lie *lie, const char *text, size_t len)
{
	size_t first = len ? lie_below(len) : 0;

	put_frame(lie, 0x01, first, text, first);
	if (lie_below(2))
		put_frame(lie, 0x89, 2, "hi", 2);
	put_frame(lie, 0x80, len - first, text + first, len - first);
}

void
lie_put_text(struct lie *lie, const char *text, size_t len)
{
	size_t before = lie->out_len;

	if (!lie_lies(lie) || lie_below(4)) {
		put_frame(lie, 0x81, len, text, len);
		return;
	}
	switch (lie_below(8)) {
	case 0:
		put_frame(lie, 0x82, len, text, len);
		break;
	case 1:
		put_frame(lie, 0x81 | 0x10u << lie_below(3), len, text, len);
		break;
	case 2:
		put_frame(lie, 0x81, len + lie_below(100), text, len);
		break;
	case 3:
		put_frame(lie, 0x81, len, text, lie_below(len + 1)); /* half, and silence */
		lie->silent = true;
		break;
	case 4: /* a mask, which a server must not use */
		put_frame(lie, 0x81, len, text, len);
		lie->out[before + 1] |= (char)0x80;
		break;
	case 5:
		put_frame(lie, 0x81, UINT64_C(1) << lie_below(64), text, len);
		break;
	default:
		put_pieces(lie, text, len);
	}
}

void
lie_put_close(struct lie *lie, unsigned code)
{
	char payload[] = {(char)(code >> 8), (char)code, 'b', 'y', 'e', '\xc3', '\xa4', '\xff'};
	size_t len = 2 + lie_below(sizeof(payload) - 1);

	put_frame(lie, 0x88, len, payload, len);
	lie->stage = LIE_OVER;
}

void
lie_put_frame(struct lie *lie)
{
	char payload[200] = "abc";

	switch (lie_below(8)) {
	case 0:
		put_frame(lie, 0x88, 0, "", 0);
		lie->stage = LIE_OVER;
		break;
	case 1:
		put_frame(lie, 0x88, 1, "x", 1);
		lie->stage = LIE_OVER;
		break;
	case 2:
		put_frame(lie, 0x80 | (unsigned)lie_below(16), 3, "abc", 3);
		break;
	case 3:
		put_frame(lie, 0x89, 130, payload, 130);
		break;
	case 4:
		put_frame(lie, 0x8a, 3, payload, 3);
		break;
	default:
		put_frame(lie, 0x89, 4, payload, 4);
	}
}

bool
lie_take_frame(struct lie *lie, char *text, size_t size, size_t *len)
{
	const unsigned char *in = (const unsigned char *)lie->in;
	size_t head = 6, count = lie->in_len >= 2 ? in[1] & 0x7f : 0;

	if (lie->in_len < 6 || (count >= 126 && lie->in_len < 14))
		return false;
	if (count == 126) {
		count = (size_t)in[2] << 8 | in[3];
		head = 8;
	} else if (count == 127) {
		count = (size_t)in[6] << 24 | (size_t)in[7] << 16;
		head = 14; /* more than it takes */
	}
	if (lie->in_len < head + count)
		return false;
	for (size_t i = 0; i < count && i < size; i++)
		text[i] = (char)(in[head + i] ^ in[head - 4 + i % 4]);
	*len = (in[0] & 15) == 1 && count < size ? count : 0;
	if ((in[0] & 15) == 8)
		lie_put_close(lie, 1000);
	if ((in[0] & 15) == 9 && count < 126 && lie_below(10))
		put_frame(lie, 0x8a, count, text, count);
	lie_take(lie, head + count);
	return true;
}
