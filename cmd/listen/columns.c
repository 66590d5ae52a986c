/* Widths by the C library's tables, in the UTF-8 locale that needs no locales package. */
#include "listen/columns.h"

#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "text/utf8.h"

#define EMOJI_STYLE 0xFE0Fu /* makes many terminals draw the character before it wide */

void
columns_open(struct columns *columns)
{
	columns->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void
columns_close(struct columns *columns)
{
	if (columns->utf8)
		freelocale(columns->utf8);
	columns->utf8 = (locale_t)0;
}

unsigned
columns_of_point(const struct columns *columns, uint32_t point)
{
	locale_t before;
	int width;

	if (point < 0x80 || point == EMOJI_STYLE || !columns->utf8)
		return 1;
	before = uselocale(columns->utf8);
	width = wcwidth((wchar_t)point);
	uselocale(before);
	return width < 0 ? 1 : (unsigned)width;
}

size_t
columns_of(const struct columns *columns, struct chat_span text)
{
	const char *at = text.at, *end = text.at + text.len, *color;
	size_t count = 0, len;

	while (at < end) {
		color = *at == '\033' ? memchr(at, 'm', (size_t)(end - at)) : NULL;
		if (color) {
			at = color + 1;
			continue;
		}
		count += columns_of_point(columns, chat_utf8_decode(at, &len));
		at += len;
	}
	return count;
}

unsigned
columns_of_terminal(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
