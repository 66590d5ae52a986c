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

#include "command/diag.h"
#include "serve/util/error_log.h"
#include "tap.h"
#include "text/buf.h"

#define MAX_BYTES 100000
#define LINES 20000

static void
print_lines(struct line_writer *line_writer, unsigned from, unsigned to)
{
	char line[40];

	for (unsigned i = from; i < to; i++) {
		int len = snprintf(line, sizeof(line), "line %u, and so on", i);

		line_writer_append(line_writer, (struct chat_span){line, (size_t)len});
		line_writer_flush(line_writer);
	}
}

/* Reads what can be read now. */
static void
read_some(int fd, struct chat_buf *got)
{
	char *room = chat_buf_reserve(got, 1 << 20);
	ssize_t count = read(fd, room, 1 << 20);

	if (count > 0)
		got->len += (size_t)count;
}

/* Returns the number of lines if each is the one after the last, else -1. */
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
test_stalled(struct line_writer *line_writer, uv_loop_t *loop, int reader, const char *name)
{
	struct chat_buf got = {0};
	uint64_t lost = 0;
	int lines;

	print_lines(line_writer, 0, LINES);
	ok(line_writer->dropped > 0 && line_writer->dropped < LINES,
		"%s: what finds no room is dropped", name);
	ok(line_writer->buf.cap <= 4 * MAX_BYTES, "%s: and the memory has a bound", name);
	is_int(line_writer_take_dropped(line_writer), 0, "%s: nothing is told before there is room",
		name);
	for (int i = 0; i < 1000 && lost == 0; i++) {
		read_some(reader, &got);
		uv_run(loop, UV_RUN_NOWAIT);
		line_writer_flush(line_writer);
		lost = line_writer_take_dropped(line_writer);
	}
	read_some(reader, &got);
	lines = count_lines(&got);
	ok(lines > 0, "%s: whole lines came, the first ones", name);
	is_int(lines + (long long)lost, LINES, "%s: the others are counted", name);
	is_int(line_writer_take_dropped(line_writer), 0, "%s: once", name);
	is_int(line_writer_take_error(line_writer), 0, "%s: and there is no trouble", name);
	print_lines(line_writer, 0, 3);
	got.len = 0;
	read_some(reader, &got);
	is_int(count_lines(&got), 3, "%s: it goes on", name);
	chat_buf_free(&got);
}

static void
test_gone(struct line_writer *line_writer, uv_loop_t *loop, const char *name)
{
	print_lines(line_writer, 0, 1);
	uv_run(loop, UV_RUN_NOWAIT);
	is_int(line_writer_take_error(line_writer), EPIPE, "%s: its reader goes away", name);
	is_int(line_writer_take_error(line_writer), 0, "%s: which is told once", name);
	print_lines(line_writer, 0, LINES);
	ok(line_writer_take_dropped(line_writer) == 0 && line_writer->buf.cap == 0,
		"%s: then nothing is kept", name);
}

static void
test_kind(uv_loop_t *loop, int reader, int writer, enum line_writer_kind kind, const char *name)
{
	struct line_writer line_writer;

	fcntl(reader, F_SETFL, O_NONBLOCK);
	line_writer_open(&line_writer, loop, writer, MAX_BYTES);
	if (kind == LINE_WRITER_SHARED &&
		line_writer.kind == LINE_WRITER_OWN) { /* as if it were another's */
		close(line_writer.fd);
		line_writer.fd = writer;
		line_writer.kind = LINE_WRITER_SHARED;
		uv_close((uv_handle_t *)&line_writer.poll, NULL);
		uv_run(loop, UV_RUN_NOWAIT);
		uv_poll_init(loop, &line_writer.poll, writer);
		line_writer.poll.data = &line_writer;
		fcntl(writer, F_SETFL, fcntl(writer, F_GETFL) & ~O_NONBLOCK);
	}
	is_int(line_writer.kind, kind, "%s", name);
	ok(!(fcntl(writer, F_GETFL) & O_NONBLOCK), "%s: others' descriptor still waits", name);
	test_stalled(&line_writer, loop, reader, name);
	close(reader);
	test_gone(&line_writer, loop, name);
	line_writer_leave_loop(&line_writer);
	uv_run(loop, UV_RUN_NOWAIT);
	line_writer_close(&line_writer);
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
print_without_room(struct line_writer *line_writer, unsigned from, unsigned to)
{
	allow_file_bytes(1000);
	print_lines(line_writer, from, to);
	allow_file_bytes(RLIM_INFINITY);
	return line_writer_take_error(line_writer);
}

/* A line that is longer than all that may wait, and others around it. */
static void
print_long(struct line_writer *line_writer, size_t len)
{
	char *line = chat_alloc(len);

	memset(line, 'x', len);
	line_writer_append(line_writer, (struct chat_span){line, len});
	free(line);
}

static void
test_long_lines(uv_loop_t *loop)
{
	size_t len = 3 * MAX_BYTES, lines = 0;
	struct line_writer line_writer;
	struct chat_buf got = {0};
	int fds[2], fd = memfd_create("file", 0);

	line_writer_open(&line_writer, loop, fd, MAX_BYTES);
	for (int i = 0; i < 4; i++)
		print_long(&line_writer, len);
	line_writer_flush(&line_writer);
	is_int(line_writer.dropped, 0, "a file takes lines of any length, several in a turn");
	is_int(lseek(fd, 0, SEEK_END), 4 * (len + 1), "whole");
	line_writer_close(&line_writer);
	close(fd);

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	line_writer_open(&line_writer, loop, fds[1], MAX_BYTES);
	print_long(&line_writer, len);
	line_writer_flush(&line_writer);
	print_long(&line_writer, len);
	is_int(line_writer.dropped, 1, "into a pipe one waits, and another one finds no room");
	for (int i = 0; i < 1000 && got.len < len + 1; i++) {
		read_some(fds[0], &got);
		uv_run(loop, UV_RUN_NOWAIT);
		line_writer_flush(&line_writer);
	}
	for (size_t i = 0; i < got.len; i++)
		lines += got.at[i] == '\n';
	ok(got.len == len + 1 && lines == 1, "a reader that reads gets it whole");
	chat_buf_free(&got);
	line_writer_leave_loop(&line_writer);
	uv_run(loop, UV_RUN_NOWAIT);
	line_writer_close(&line_writer);
	close(fds[0]);
	close(fds[1]);
}

/* A file has no room for a while, as on a disk that is full. */
static void
test_full_disk(uv_loop_t *loop)
{
	struct line_writer line_writer;
	struct chat_buf got = {0};
	int fd = memfd_create("file", 0);

	line_writer_open(&line_writer, loop, fd, MAX_BYTES);
	is_int(print_without_room(&line_writer, 0, LINES), EFBIG, "a file has no room");
	is_int(print_without_room(&line_writer, LINES, LINES + 1), 0, "which is told once");
	ok(line_writer.dropped > 0, "lines are dropped");
	line_writer_flush(&line_writer);
	lseek(fd, 0, SEEK_SET);
	read_some(fd, &got);
	is_int(count_lines(&got) + (long long)line_writer_take_dropped(&line_writer), LINES + 1,
		"with room it goes on, and what is missing is counted");
	lseek(fd, 0, SEEK_END);
	is_int(print_without_room(&line_writer, 0, 1), EFBIG, "the next time is told, too");
	is_int(line_writer_count_waiting(&line_writer), 1, "a line waits");
	line_writer_close(&line_writer);
	close(fd);
	chat_buf_free(&got);
}

/* stderr itself: the number stands in it. */
static void
test_notices(uv_loop_t *loop)
{
	struct error_log error_log;
	struct chat_buf got = {0};
	unsigned long lines = 0, lost = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	error_log_open(&error_log, loop, fds[1]);
	for (int i = 0; i < LINES; i++)
		error_log_printf(&error_log, "%d\n%s", i, "\x1b[31m");
	for (int i = 0; i < 100; i++) {
		read_some(fds[0], &got);
		uv_run(loop, UV_RUN_NOWAIT);
		error_log_flush(&error_log);
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
	error_log_leave_loop(&error_log);
	uv_run(loop, UV_RUN_NOWAIT);
	error_log_close(&error_log);
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
	test_kind(&loop, fds[0], fds[1], LINE_WRITER_OWN, "a pipe");
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	test_kind(&loop, fds[0], fds[1], LINE_WRITER_SHARED, "a pipe of another user");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	test_kind(&loop, fds[0], fds[1], LINE_WRITER_SOCKET, "a socket");
	test_long_lines(&loop);
	test_full_disk(&loop);
	test_notices(&loop);
	uv_loop_close(&loop);
	return done();
}
