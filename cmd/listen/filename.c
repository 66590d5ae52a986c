/* Makes file names from messages safe. */
#include "listen/filename.h"

#include <string.h>
#include <strings.h>

#include "text/utf8.h"

#define RESERVED "<>:\"/\\|?*"

/* Returns len, or the length of the longest whole code points within FILENAME_MAX_BYTES. */
static size_t
cut(const char *name, size_t len)
{
	if (len <= FILENAME_MAX_BYTES)
		return len;
	len = FILENAME_MAX_BYTES;
	while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* Returns true if number is a digit, or a superscript 1, 2 or 3: the port of a COM or LPT. */
static bool
is_port(const char *number, size_t len)
{
	if (len == 1)
		return *number >= '0' && *number <= '9';
	return len == 2 &&
		(memcmp(number, "\u00b9", 2) == 0 || memcmp(number, "\u00b2", 2) == 0 ||
			memcmp(number, "\u00b3", 2) == 0);
}

/* Returns true if the part before the first dot is a device name of Windows, in any case. */
static bool
is_device(const char *name)
{
	static const char *const devices[] = {
		"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"};
	size_t len = strcspn(name, ".");

	while (len > 0 && name[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (len == strlen(devices[i]) && strncasecmp(name, devices[i], len) == 0)
			return true;
	return len > 3 && (strncasecmp(name, "com", 3) == 0 || strncasecmp(name, "lpt", 3) == 0) &&
		is_port(name + 3, len - 3);
}

/* Appends a code point, or "_" if it is reserved or a control character. */
static void
append_point(struct chat_buf *out, const char *at, size_t len, uint32_t point)
{
	bool plain = point >= 0x80 || !strchr(RESERVED, (int)point);

	if (plain && !chat_utf8_is_control(point))
		chat_buf_append(out, at, len);
	else
		chat_buf_append(out, "_", 1);
}

void
filename_make(struct chat_buf *out, const char *name)
{
	size_t start = out->len, left, len;
	const char *slash;
	uint32_t point;

	while ((slash = strpbrk(name, "/\\")))
		name = slash + 1;
	name += strspn(name, ". ");
	left = cut(name, strlen(name));
	while (left > 0 && strchr(". ", name[left - 1]))
		left--;
	for (; left > 0; left -= len, name += len) {
		point = chat_utf8_decode(name, &len);
		append_point(out, name, len, point);
	}
	if (out->len == start)
		chat_buf_append_string(out, "file");
	chat_buf_append(out, "", 1);
	if (!is_device(out->at + start))
		return;
	chat_buf_append(out, "", 1);
	memmove(out->at + start + 1, out->at + start, out->len - 1 - start);
	out->at[start] = '_';
}

void
filename_number(struct chat_buf *out, const char *name, unsigned number)
{
	size_t stem = strcspn(name, ".");

	out->len = 0;
	chat_buf_append(out, name, stem);
	if (number > 0)
		chat_buf_printf(out, ".%u", number);
	chat_buf_append_string(out, name + stem);
	chat_buf_append(out, "", 1);
}
