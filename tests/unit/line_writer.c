/*
 * Lines for a descriptor that nobody reads for a while: writing never waits, what leaves is whole
 * lines, in order, and what was dropped is counted, whatever kind of file it is.
 */
#include "serve/util/line_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat/buf.h"
#include "command/diag.h"
#include "serve/util/error_log.h"
#include "tap.h"

#define MAX_BYTES 100000
#define LINES 20000

static void
print_lines(struct printer *printer, unsigned from, unsigned to)
{
	char line[40];

	for (unsigned i = from; i < to; i++) {
		int len = snprintf(line, sizeof(line), "line %u, and so on", i);

		printer_line(printer, (struct chat_span){line, (size_t)len});
		printer_flush(printer);
	}
}

/* What can be read now. */
static void
read_some(int fd, struct chat_buf *got)
{
	char *room = chat_buf_reserve(got, 1 << 20);
	ssize_t count = read(fd, room, 1 << 20);

	if (count > 0)
		got->len += (size_t)count;
}

/* How many lines there are, each the one after the last; -1: not so. */
static int
count_lines(struct chat_buf *got)
{
	char *at, *end;
	int count = 0;

	chat_buf_append(got, "", 1);
	for (at = got->at; *at; at = end + 1, count++) {
		end = strchr(at, '\n');
		if (!end || strncmp(at, "line ", 5) != 0 || atoi(at + 5) != count)
			return -1;
	}
	return count;
}

/* More than fits, nobody reads; then somebody does. */
static void
test_stalled(struct printer *printer, uv_loop_t *loop, int reader, const char *name)
{
	struct chat_buf got = {0};
	uint64_t lost = 0;
	int lines;

	print_lines(printer, 0, LINES);
	ok(printer->dropped > 0 && printer->dropped < LINES, "%s: what finds no room is dropped",
		name);
	ok(printer->buf.cap <= 4 * MAX_BYTES, "%s: and the memory has a bound", name);
	is_int(printer_lost(printer), 0, "%s: nothing is told before there is room", name);
	for (int i = 0; i < 1000 && lost == 0; i++) {
		read_some(reader, &got);
		uv_run(loop, UV_RUN_NOWAIT);
		printer_flush(printer);
		lost = printer_lost(printer);
	}
	read_some(reader, &got);
	lines = count_lines(&got);
	ok(lines > 0, "%s: whole lines came, the first ones", name);
	is_int(lines + (long long)lost, LINES, "%s: the others are counted", name);
	is_int(printer_lost(printer), 0, "%s: once", name);
	is_int(printer_trouble(printer), 0, "%s: and there is no trouble", name);
	print_lines(printer, 0, 3);
	got.len = 0;
	read_some(reader, &got);
	is_int(count_lines(&got), 3, "%s: it goes on", name);
	chat_buf_free(&got);
}

static void
test_gone(struct printer *printer, uv_loop_t *loop, const char *name)
{
	print_lines(printer, 0, 1);
	uv_run(loop, UV_RUN_NOWAIT);
	is_int(printer_trouble(printer), EPIPE, "%s: its reader goes away", name);
	is_int(printer_trouble(printer), 0, "%s: which is told once", name);
	print_lines(printer, 0, LINES);
	ok(printer_lost(printer) == 0 && printer->buf.cap == 0, "%s: then nothing is kept", name);
}

static void
test_way(uv_loop_t *loop, int reader, int writer, enum printer_way way, const char *name)
{
	struct printer printer;

	fcntl(reader, F_SETFL, O_NONBLOCK);
	printer_open(&printer, loop, writer, MAX_BYTES);
	if (way == PRINTER_SHARED && printer.way == PRINTER_OWN) { /* as if it were another's */
		close(printer.fd);
		printer.fd = writer;
		printer.way = PRINTER_SHARED;
		uv_close((uv_handle_t *)&printer.poll, NULL);
		uv_run(loop, UV_RUN_NOWAIT);
		uv_poll_init(loop, &printer.poll, writer);
		printer.poll.data = &printer;
		fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) & ~O_NONBLOCK);
	}
	is_int(printer.way, way, "%s", name);
	ok(!(fcntl(writer, F_GETFL) & O_NONBLOCK), "%s: others' descriptor still waits", name);
	test_stalled(&printer, loop, reader, name);
	close(reader);
	test_gone(&printer, loop, name);
	printer_leave_loop(&printer);
	uv_run(loop, UV_RUN_NOWAIT);
	printer_close(&printer);
	close(writer);
}

static void
allow_file_bytes(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* The trouble that printing these lines makes while files are to be small; TAP may go to one. */
static int
print_without_room(struct printer *printer, unsigned from, unsigned to)
{
	allow_file_bytes(1000);
	print_lines(printer, from, to);
	allow_file_bytes(RLIM_INFINITY);
	return printer_trouble(printer);
}

/* A line that is longer than all that may wait, and others around it. */
static void
print_long(struct printer *printer, size_t len)
{
	char *line = chat_alloc(len);

	memset(line, 'x', len);
	printer_line(printer, (struct chat_span){line, len});
	free(line);
}

static void
test_long_lines(uv_loop_t *loop)
{
	size_t len = 3 * MAX_BYTES, lines = 0;
	struct printer printer;
	struct chat_buf got = {0};
	int fds[2], fd = memfd_create("file", 0);

	printer_open(&printer, loop, fd, MAX_BYTES);
	for (int i = 0; i < 4; i++)
		print_long(&printer, len);
	printer_flush(&printer);
	is_int(printer.dropped, 0, "a file takes lines of any length, several in a turn");
	is_int(lseek(fd, 0, SEEK_END), 4 * (len + 1), "whole");
	printer_close(&printer);
	close(fd);

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	printer_open(&printer, loop, fds[1], MAX_BYTES);
	print_long(&printer, len);
	printer_flush(&printer);
	print_long(&printer, len);
	is_int(printer.dropped, 1, "into a pipe one waits, and another one finds no room");
	for (int i = 0; i < 1000 && got.len < len + 1; i++) {
		read_some(fds[0], &got);
		uv_run(loop, UV_RUN_NOWAIT);
		printer_flush(&printer);
	}
	for (size_t i = 0; i < got.len; i++)
		lines += got.at[i] == '\n';
	ok(got.len == len + 1 && lines == 1, "a reader that reads gets it whole");
	chat_buf_free(&got);
	printer_leave_loop(&printer);
	uv_run(loop, UV_RUN_NOWAIT);
	printer_close(&printer);
	close(fds[0]);
	close(fds[1]);
}

/* A file has no room for a while, as on a disk that is full. */
static void
test_full_disk(uv_loop_t *loop)
{
	struct printer printer;
	struct chat_buf got = {0};
	int fd = memfd_create("file", 0);

	printer_open(&printer, loop, fd, MAX_BYTES);
	is_int(print_without_room(&printer, 0, LINES), EFBIG, "a file has no room");
	is_int(print_without_room(&printer, LINES, LINES + 1), 0, "which is told once");
	ok(printer.dropped > 0, "lines are dropped");
	printer_flush(&printer);
	lseek(fd, 0, SEEK_SET);
	read_some(fd, &got);
	is_int(count_lines(&got) + (long long)printer_lost(&printer), LINES + 1,
		"with room it goes on, and what is missing is counted");
	lseek(fd, 0, SEEK_END);
	is_int(print_without_room(&printer, 0, 1), EFBIG, "the next time is told, too");
	is_int(printer_waiting(&printer), 1, "a line waits");
	printer_close(&printer);
	close(fd);
	chat_buf_free(&got);
}

/* stderr itself: the number stands in it. */
static void
test_notices(uv_loop_t *loop)
{
	struct notices notices;
	struct chat_buf got = {0};
	unsigned long lines = 0, lost = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	notices_open(&notices, loop, fds[1]);
	for (int i = 0; i < LINES; i++)
		notices_say(&notices, "%d\n%s", i, "\x1b[31m");
	for (int i = 0; i < 100; i++) {
		read_some(fds[0], &got);
		uv_run(loop, UV_RUN_NOWAIT);
		notices_flush(&notices);
	}
	chat_buf_append(&got, "", 1);
	for (char *at = got.at; *at; at = strchr(at, '\n') + 1) {
		if (strstr(at, "no room: ") && strstr(at, "no room: ") < strchr(at, '\n'))
			lost += strtoul(strstr(at, "no room: ") + 9, NULL, 10);
		else
			lines++;
	}
	ok(lost > 0 && lines > 0, "some lines were not written");
	is_int(lines + lost, LINES, "and how many is said");
	ok(!strchr(got.at, '\x1b'), "control characters are shown, not obeyed");
	notices_leave_loop(&notices);
	uv_run(loop, UV_RUN_NOWAIT);
	notices_close(&notices);
	close(fds[0]);
	close(fds[1]);
	chat_buf_free(&got);
}

int
main(void)
{
	uv_loop_t loop;
	int fds[2];

	chat_start(); /* a size that is exceeded is an error, no end */
	uv_loop_init(&loop);
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	test_way(&loop, fds[0], fds[1], PRINTER_OWN, "a pipe");
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	test_way(&loop, fds[0], fds[1], PRINTER_SHARED, "a pipe of another user");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	test_way(&loop, fds[0], fds[1], PRINTER_SOCKET, "a socket");
	test_long_lines(&loop);
	test_full_disk(&loop);
	test_notices(&loop);
	uv_loop_close(&loop);
	return done();
}
