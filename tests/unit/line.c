/*
 * Lines are found in input that arrives in any pieces, a line over the limit is skipped, and memory
 * stays bounded. Writing writes all bytes.
 */
#include "text/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/*
 * Appends what the reader returned, as a script: "T3:abc" a line, "C2:ab" a line cut off, "L" too
 * long, "E" the end.
 */
static void
note(struct chat_buf *seen, enum chat_line what, struct chat_span line)
{
	if (what == CHAT_LINE_TOO_LONG)
		chat_buf_append_string(seen, "L ");
	if (what == CHAT_LINE_END)
		chat_buf_append_string(seen, "E");
	if (what != CHAT_LINE_TAKEN && what != CHAT_LINE_CUT_OFF)
		return;
	chat_buf_printf(seen, "%c%zu:", what == CHAT_LINE_TAKEN ? 'T' : 'C', line.len);
	for (size_t i = 0; i < line.len; i++)
		chat_buf_printf(seen, "%c", line.at[i] ? line.at[i] : '0');
	chat_buf_append_string(seen, " ");
}

/* Reads fd to its end; before every read, up to `piece` bytes of the input are written to feed_fd.
 */
static void
read_lines(struct chat_buf *seen, struct chat_span input, size_t piece, size_t max_bytes)
{
	struct chat_lines lines;
	struct chat_span line = {NULL, 0};
	enum chat_line what;
	int pipes[2];
	uint64_t count = 0;

	if (pipe(pipes) < 0)
		abort();
	chat_lines_init(&lines, pipes[0], max_bytes);
	while ((what = chat_lines_take(&lines, &line)) != CHAT_LINE_END) {
		if (what != CHAT_LINE_NONE) {
			note(seen, what, line);
			if (lines.number != ++count)
				chat_buf_append_string(seen, "(misnumbered)");
			continue;
		}
		if (piece > input.len)
			piece = input.len;
		chat_write_all(pipes[1], input.at, piece, NULL);
		input = (struct chat_span){input.at + piece, input.len - piece};
		if (piece == 0 && pipes[1] >= 0) {
			close(pipes[1]);
			pipes[1] = -1;
		}
		if (chat_lines_fill(&lines, NULL) < 0)
			abort();
	}
	note(seen, what, line);
	if (chat_lines_take(&lines, &line) != CHAT_LINE_END || chat_lines_fill(&lines, NULL) != 0)
		chat_buf_append_string(seen, "(not the end)");
	chat_lines_free(&lines);
	close(pipes[0]);
}

static const struct {
	struct chat_span input;
	size_t max_bytes;
	const char *seen;
} cases[] = {
	{CHAT_SPAN(""), 5, "E"},
	{CHAT_SPAN("\n"), 5, "T0: E"},
	{CHAT_SPAN("\n\n"), 5, "T0: T0: E"},
	{CHAT_SPAN("abc\n"), 5, "T3:abc E"},
	{CHAT_SPAN("abc"), 5, "C3:abc E"},
	{CHAT_SPAN("abc\nde\n"), 5, "T3:abc T2:de E"},
	{CHAT_SPAN("abc\nde"), 5, "T3:abc C2:de E"},
	{CHAT_SPAN("abc\n\n"), 5, "T3:abc T0: E"},
	{CHAT_SPAN("a\0c\n\0"), 5, "T3:a0c C1:0 E"},
	{CHAT_SPAN("ab\r\n"), 5, "T3:ab\r E"},
	{CHAT_SPAN("12345\n"), 5, "T5:12345 E"},
	{CHAT_SPAN("12345"), 5, "C5:12345 E"},
	{CHAT_SPAN("123456\n"), 5, "L E"},
	{CHAT_SPAN("123456"), 5, "L E"},
	{CHAT_SPAN("123456\nabc\n"), 5, "L T3:abc E"},
	{CHAT_SPAN("abc\n123456\nabc"), 5, "T3:abc L C3:abc E"},
	{CHAT_SPAN("123456\n123456\n\n123456"), 5, "L L T0: L E"},
	{CHAT_SPAN("12345678901234567890\nx\n"), 5, "L T1:x E"},
	{CHAT_SPAN("\n"), 0, "T0: E"},
	{CHAT_SPAN("x\n\n"), 0, "L T0: E"},
	{CHAT_SPAN("a\nb"), SIZE_MAX, "T1:a C1:b E"},
};

static void
test_pieces(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t piece = 1; piece <= 24; piece++) {
			struct chat_buf seen = {0};

			read_lines(&seen, cases[i].input, piece, cases[i].max_bytes);
			chat_buf_append(&seen, "", 1);
			if (strcmp(seen.at, cases[i].seen) != 0 || piece == 24)
				is_str(seen.at, cases[i].seen, "case %zu, in pieces of %zu", i,
					piece);
			chat_buf_free(&seen);
		}
}

/* Returns a file in memory that contains these bytes, open at its start. */
static int
file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	if (fd < 0 || chat_write_all(fd, bytes, len, NULL) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

/* Reads one line of `len` bytes and a newline, then "x", with a limit of a million. */
static void
check_big_line(size_t len, enum chat_line want, size_t most_memory)
{
	char *bytes = chat_alloc(len + 2);
	struct chat_lines lines;
	struct chat_span line;
	enum chat_line what;
	size_t memory;
	int fd;

	memset(bytes, 'b', len);
	memcpy(bytes + len, "\nx", 2);
	fd = file_of(bytes, len + 2);
	chat_lines_init(&lines, fd, 1000000);
	is_int(chat_lines_next(&lines, &line, &what, NULL), 0, "a line of %zu bytes is read", len);
	is_int(what, want, "as it should be");
	ok(want != CHAT_LINE_TAKEN || (line.len == len && memcmp(line.at, bytes, len) == 0),
		"whole");
	chat_lines_next(&lines, &line, &what, NULL);
	ok(what == CHAT_LINE_CUT_OFF && chat_span_equal(line, CHAT_SPAN("x")),
		"and the one behind it");
	is_int(lines.number, 2, "which is line 2");
	memory = lines.buf.cap;
	ok(memory <= most_memory, "in %zu bytes of buffer, at most %zu", memory, most_memory);
	chat_lines_next(&lines, &line, &what, NULL);
	is_int(what, CHAT_LINE_END, "then the end");
	chat_lines_free(&lines);
	close(fd);
	free(bytes);
}

static void
test_big_lines(void)
{
	check_big_line(999999, CHAT_LINE_TAKEN, 1000000 + 65536);
	check_big_line(1000000, CHAT_LINE_TAKEN, 1000000 + 65536);
	check_big_line(1000001, CHAT_LINE_TOO_LONG, 1000000 + 65536);
	check_big_line(10000000, CHAT_LINE_TOO_LONG, 1000000 + 65536);
}

/* With short lines the buffer never needs more memory than one read, however many there are. */
static void
test_many_lines(void)
{
	struct chat_buf input = {0};
	struct chat_lines lines;
	struct chat_span line;
	enum chat_line what;
	bool right = true;
	char want[32];
	int fd;

	for (int i = 0; i < 100000; i++)
		chat_buf_printf(&input, "line %d\n", i);
	fd = file_of(input.at, input.len);
	chat_lines_init(&lines, fd, 1 << 26);
	for (int i = 0; i < 100000; i++) {
		snprintf(want, sizeof(want), "line %d", i);
		right = right && chat_lines_next(&lines, &line, &what, NULL) == 0 &&
			what == CHAT_LINE_TAKEN && chat_span_equal(line, chat_span_of(want));
	}
	ok(right, "100,000 lines are each themselves");
	is_int(lines.number, 100000, "and counted");
	ok(lines.buf.cap <= 3 * 65536, "in %zu bytes of buffer", lines.buf.cap);
	chat_lines_free(&lines);
	chat_buf_free(&input);
	close(fd);
}

static void
test_errors(void)
{
	struct chat_lines lines;
	struct chat_span line;
	enum chat_line what;
	struct chat_err err = {.text = ""};
	int directory = open("/", O_RDONLY | O_DIRECTORY);

	chat_lines_init(&lines, directory, 10);
	is_int(chat_lines_next(&lines, &line, &what, &err), -1, "a directory is no file");
	is_int(err.code, CHAT_IO_ERROR, "io_error");
	is_str(err.text, "Is a directory", "with errno's sentence");
	chat_lines_free(&lines);
	close(directory);
	is_int(chat_write_all(directory, "x", 1, &err), -1, "a closed descriptor takes nothing");
	is_str(err.text, "Bad file descriptor", "with errno's sentence");
	is_int(chat_write_all(directory, "", 0, &err), 0, "nothing can go anywhere");
}

static void
test_not_taken(void)
{
	struct chat_err err = {.code = CHAT_OK};
	struct chat_lines lines;
	int fd = file_of("1\n2\n3\n", 6);

	chat_lines_init(&lines, fd, 1);
	is_int(chat_lines_fill(&lines, &err), 1, "a fill");
	is_int(chat_lines_fill(&lines, &err), -1, "a fill too many does not pass the limit");
	is_int(err.code, CHAT_INTERNAL, "it is our own mistake");
	chat_lines_free(&lines);
	close(fd);
}

/* On a non-blocking descriptor, fill returns 0 before the end, and _next waits for the writer. */
static void
test_non_blocking(void)
{
	struct chat_lines lines;
	struct chat_span line;
	enum chat_line what;
	int pipes[2], status;
	pid_t writer;

	if (pipe2(pipes, O_NONBLOCK) < 0)
		abort();
	chat_lines_init(&lines, pipes[0], 100);
	is_int(chat_lines_fill(&lines, NULL), 0, "nothing there yet");
	is_int(chat_lines_take(&lines, &line), CHAT_LINE_NONE, "and not the end");
	fflush(NULL);
	writer = fork();
	if (writer == 0)
		_exit(chat_write_all(pipes[1], "later\n", 6, NULL) < 0);
	close(pipes[1]);
	is_int(chat_lines_next(&lines, &line, &what, NULL), 0, "waits");
	ok(what == CHAT_LINE_TAKEN && chat_span_equal(line, CHAT_SPAN("later")), "for the line");
	chat_lines_next(&lines, &line, &what, NULL);
	is_int(what, CHAT_LINE_END, "and for the end");
	if (waitpid(writer, &status, 0) != writer)
		abort();
	is_int(status, 0, "the writer was content");
	chat_lines_free(&lines);
	close(pipes[0]);
}

/* Writes more than a pipe holds into a non-blocking pipe that another process reads. */
static void
test_write_all(void)
{
	size_t len = 3 << 20;
	char *bytes = chat_alloc(len), *copy = chat_alloc(len + 1);
	size_t got = 0;
	ssize_t step;
	int pipes[2], status;
	pid_t writer;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 31 + (i >> 16));
	if (pipe(pipes) < 0)
		abort();
	fflush(NULL);
	writer = fork();
	if (writer == 0) {
		close(pipes[0]);
		fcntl(pipes[1], F_SETFL, O_NONBLOCK);
		_exit(chat_write_all(pipes[1], bytes, len, NULL) < 0);
	}
	close(pipes[1]);
	while ((step = read(pipes[0], copy + got, len + 1 - got)) > 0)
		got += (size_t)step;
	if (waitpid(writer, &status, 0) != writer)
		abort();
	is_int(status, 0, "a non-blocking pipe is written to");
	ok(got == len && memcmp(bytes, copy, len) == 0, "all of it, in order");
	close(pipes[0]);
	free(bytes);
	free(copy);
}

static void
test_write_errors(void)
{
	struct chat_err err = {.text = ""};
	int pipes[2], full = open("/dev/full", O_WRONLY);

	is_int(chat_write_all(full, "x", 1, &err), -1, "/dev/full is full");
	is_str(err.text, "No space left on device", "and says so");
	close(full);
	if (pipe(pipes) < 0)
		abort();
	close(pipes[0]);
	signal(SIGPIPE, SIG_IGN);
	is_int(chat_write_all(pipes[1], "x", 1, &err), -1, "a gone reader is an error");
	is_int(errno, EPIPE, "EPIPE stays in errno");
	is_int(err.code, CHAT_IO_ERROR, "io_error");
	close(pipes[1]);
}

/* Takes the first line alone and then all whole lines, by two readers in turn, each with a buffer
 * of its own. */
static void
test_whole_lines(size_t read_bytes)
{
	static const char input[] = "one\ntwo\n\nand a third that is longer\n4\n5\n6\n7\n8\nnine";
	int fd = file_of(input, sizeof(input) - 1), filled = 1;
	struct chat_buf own[2] = {{0}, {0}}, seen = {0};
	struct chat_lines lines;
	struct chat_span whole, rest;
	enum chat_line what;

	chat_lines_init(&lines, fd, 100);
	lines.read_bytes = read_bytes;
	chat_lines_next(&lines, &rest, &what, NULL);
	chat_buf_append_span(&seen, rest);
	chat_buf_append_string(&seen, "\n");
	for (unsigned turn = 0; filled > 0; turn++) {
		struct chat_buf *mine = &own[turn % 2];

		chat_lines_lend(&lines, mine);
		while (!chat_lines_take_whole(&lines, mine, &whole))
			if ((filled = chat_lines_fill(&lines, NULL)) <= 0)
				break;
		if (filled > 0)
			chat_buf_append_span(&seen, whole);
	}
	if (chat_lines_take(&lines, &rest) == CHAT_LINE_CUT_OFF)
		chat_buf_append_span(&seen, rest);
	ok(chat_span_equal(chat_buf_span(&seen), CHAT_SPAN(input)),
		"%zu bytes a read: the whole lines, and what is left", read_bytes);
	for (int i = 0; i < 2; i++)
		chat_buf_free(&own[i]);
	chat_buf_free(&seen);
	chat_lines_free(&lines);
	close(fd);
}

int
main(void)
{
	test_pieces();
	for (size_t bytes = 1; bytes < 60; bytes += 3)
		test_whole_lines(bytes);
	test_big_lines();
	test_many_lines();
	test_errors();
	test_not_taken();
	test_non_blocking();
	test_write_all();
	test_write_errors();
	return done();
}
