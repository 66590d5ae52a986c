/* Lines are read where an index says that they are, also where the index was forged. */
#include "serve/journal/read_lines.h"

#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "serve/util/crc32c.h"
#include "tap.h"

#define FIRST "a line of a segment"
#define SECOND "another one"

static int
count_line(void *arg, const struct position *position, struct chat_span text)
{
	(void)position;
	(void)text;
	++*(int *)arg;
	return 0;
}

/* The second position lies inside the first line, and its checksum is wrong. */
static void
check_overlap(int fd)
{
	struct position positions[] = {
		{.at = 0, .len = strlen(FIRST), .crc = crc32c(0, FIRST "\n", sizeof(FIRST))},
		{.at = 1, .len = 3},
	};
	const struct position *bad;
	struct chat_err err;
	int lines = 0;

	ok(lines_read(fd, positions, 2, count_line, &lines, &bad, &err) < 0 && lines == 1 &&
			bad == &positions[1],
		"a line is read to its end, whatever lies over it");
}

static void
check_pieces(int fd)
{
	struct position positions[] = {
		{.at = 0, .len = strlen(FIRST), .crc = crc32c(0, FIRST "\n", sizeof(FIRST))},
		{.at = sizeof(FIRST),
			.len = strlen(SECOND),
			.crc = crc32c(0, SECOND "\n", sizeof(SECOND))},
		{.at = 1 << 20, .len = 10},
	};
	const struct position *bad;
	struct chat_err err;
	size_t len;
	int lines = 0;

	ok(lines_piece(positions, 3, &len) == 2 && len == sizeof(FIRST) + sizeof(SECOND),
		"lines beside each other are one piece, one far away is not");
	ok(lines_read(fd, positions, 2, count_line, &lines, &bad, &err) == 0 && lines == 2 && !bad,
		"lines that are as they were written");
	lines = 0;
	ok(lines_read(fd, positions, 3, count_line, &lines, &bad, &err) < 0 && lines == 2 && !bad &&
			err.code == CHAT_IO_ERROR,
		"a line behind the end of the file cannot be read, and is not called bad");
}

int
main(void)
{
	static const char text[] = FIRST "\n" SECOND "\n";
	struct scratch scratch = {0};
	char path[128];
	int fd;

	scratch_open(&scratch);
	store(&scratch, "lines", text, sizeof(text) - 1);
	fd = open(path_of(&scratch, "lines", path), O_RDONLY);
	check_overlap(fd);
	check_pieces(fd);
	close(fd);
	scratch_close(&scratch);
	return done();
}
