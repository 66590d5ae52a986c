/*
 * Any bytes in a pipe, through the public interface alone: the lines that are read are those of the
 * input, but for those that are longer than the limit, which the first byte chooses.
 */
#include <chat/line_reader.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t max = size ? data[0] : 0;
	const char *at = (const char *)data + (size > 0), *end = (const char *)data + size;
	int fd = memfd_create("lines", MFD_CLOEXEC);
	struct chat_line_reader *reader = chat_line_reader_new(fd, max);
	uint64_t number = 0;

	need(write(fd, at, (size_t)(end - at)) == end - at && lseek(fd, 0, SEEK_SET) == 0);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		struct chat_span line;
		struct chat_err err = {.code = CHAT_OK};
		int got = chat_line_reader_next(reader, &line, &err);

		need(chat_line_reader_number(reader) == ++number);
		if (len > max)
			need(got == -1 && err.code == CHAT_TOO_LARGE);
		else
			need(got == 1 && chat_span_equal(line, chat_span_make(at, len)));
		at = newline ? newline + 1 : end;
	}
	need(chat_line_reader_next(reader, &(struct chat_span){NULL, 0}, NULL) == 0);
	chat_line_reader_free(reader);
	close(fd);
	return 0;
}
