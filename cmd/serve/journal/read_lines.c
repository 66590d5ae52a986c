/*
 * Reads lines at positions from an index. Lines that are close to each other are read with one
 * pread(2), together with the bytes between them.
 */
#include "serve/journal/read_lines.h"

#include <errno.h>
#include <unistd.h>

#include "serve/util/crc32c.h"
#include "text/err.h"

#define PIECE_BYTES ((size_t)1 << 20) /* limit of bytes read at once, except one longer line */
#define GAP_BYTES 16384 /* the largest gap between two lines that is read with them */

size_t
lines_piece(const struct position *positions, size_t count, size_t *len)
{
	uint64_t start = positions->at, end = start + positions->len + 1;
	size_t i;

	for (i = 1; i < count; i++) {
		uint64_t next = (uint64_t)positions[i].at + positions[i].len + 1;

		if (positions[i].at > end + GAP_BYTES || next - start > PIECE_BYTES)
			break;
		if (end < next) /* in a forged index, lines can overlap */
			end = next;
	}
	*len = (size_t)(end - start);
	return i;
}

int
lines_read_piece(int fd, struct chat_buf *buf, size_t len, uint64_t at)
{
	buf->len = 0;
	chat_buf_reserve(buf, len);
	while (buf->len < len) {
		ssize_t count =
			pread(fd, buf->at + buf->len, len - buf->len, (off_t)(at + buf->len));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			errno = count == 0 ? EIO : errno;
			return -1;
		}
		buf->len += (size_t)count;
	}
	return 0;
}

int
lines_read(int fd, const struct position *positions, size_t count, lines_on_line *on_line,
	void *arg, const struct position **bad, struct chat_err *err)
{
	struct chat_buf buf = {0};
	int result = 0;
	size_t len;

	*bad = NULL;
	while (count && result == 0) {
		size_t here = lines_piece(positions, count, &len);

		if (lines_read_piece(fd, &buf, len, positions->at) < 0)
			result = chat_fail(err, CHAT_IO_ERROR, "read: %m");
		for (size_t i = 0; i < here && result == 0; i++) {
			const char *at = buf.at + (positions[i].at - positions->at);

			if (crc32c(0, at, positions[i].len + 1) != positions[i].crc) {
				*bad = &positions[i];
				result = chat_fail(
					err, CHAT_BAD_MESSAGE, "a line is not what was written");
			} else {
				result = on_line(arg, &positions[i],
					(struct chat_span){at, positions[i].len});
			}
		}
		positions += here;
		count -= here;
	}
	chat_buf_free(&buf);
	return result;
}
