/* Reads the headers of frames that come, for ws.c. */
#include "wire/ws_head.h"

size_t
chat_ws_head_read(struct chat_ws_head *header, const char *at, size_t len)
{
	const unsigned char *byte = (const unsigned char *)at;
	size_t extended, size;

	if (len < 2)
		return 0;
	header->length = byte[1] & 0x7f;
	extended = header->length == 127 ? 8 : header->length == 126 ? 2 : 0;
	header->masked = (byte[1] & 0x80) != 0;
	size = 2 + extended + (header->masked ? 4 : 0);
	if (len < size)
		return 0;
	header->final = (byte[0] & 0x80) != 0;
	header->reserved = (byte[0] & 0x70) != 0;
	header->opcode = byte[0] & 0x0f;
	if (extended > 0)
		header->length = 0;
	for (size_t i = 0; i < extended; i++)
		header->length = header->length << 8 | byte[2 + i];
	return size;
}
