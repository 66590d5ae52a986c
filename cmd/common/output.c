/*
 * Output that does not block, so that a client goes on with its server although nobody reads its
 * lines.
 *
 * A pipe is opened again through /proc/self/fd, with O_NONBLOCK. That flag on the descriptor that
 * we were given would be set for every process that shares it, such as the other commands of the
 * shell. Regular files do not block.
 */
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/err.h"

#define PIECE_BYTES (256u << 10) /* of a write(2) */
#define FULL_BYTES (4u << 20) /* pending; then the servers are not read */
#define KEEP_BYTES (1u << 20) /* an empty buffer that is larger is freed */

/* Opens the same pipe or terminal again, without blocking. Returns a descriptor or -1. */
static int
open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Opening again must not make a descriptor writable that was not. */
static bool
is_writable(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

void
output_open(struct output *output, int fd)
{
	struct stat info;
	int again;

	*output = (struct output){.fd = fd, .piece_bytes = PIECE_BYTES, .full_bytes = FULL_BYTES};
	if (fstat(fd, &info) < 0)
		return;
	output->socket = S_ISSOCK(info.st_mode);
	output->regular = S_ISREG(info.st_mode);
	if (S_ISFIFO(info.st_mode))
		output->piece_bytes = PIPE_BUF;
	if (!S_ISFIFO(info.st_mode) && !isatty(fd))
		return;
	if (fcntl(fd, F_GETFL) & O_NONBLOCK)
		return;
	again = is_writable(fd) ? open_again(fd) : -1;
	if (again >= 0) {
		output->fd = again;
		output->own = true;
	} else {
		output->piece_bytes = PIPE_BUF; /* what POLLOUT promises room for */
	}
}

/* Returns the offset of the next write in a regular file, or 0. */
static off_t
output_place(const struct output *output)
{
	struct stat info;

	if (!output->regular || fstat(output->fd, &info) < 0)
		return 0;
	return fcntl(output->fd, F_GETFL) & O_APPEND ? info.st_size
						     : lseek(output->fd, 0, SEEK_CUR);
}

void
output_mend(struct output *output)
{
	off_t place = output_place(output);
	char path[32], last;
	int fd;

	if (place <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* stdout itself is usually not readable */
	if (fd < 0)
		return;
	output->torn = pread(fd, &last, 1, place - 1) == 1 && last != '\n';
	close(fd);
}

void
output_close(struct output *output)
{
	if (output->own)
		close(output->fd);
	chat_buf_free(&output->buf);
	output->start = 0;
}

void
output_line(struct output *output, struct chat_span line)
{
	char *at = chat_buf_reserve(&output->buf, line.len + 1);

	memcpy(at, line.at, line.len);
	at[line.len] = '\n';
	output->buf.len += line.len + 1;
}

void
output_discard(struct output *output)
{
	output->start = output->buf.len = 0;
}

size_t
output_pending_lines(const struct output *output)
{
	const char *at = output->buf.at + output->start, *end = at + output_pending_bytes(output);
	size_t count = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

/* Returns the length of the next write: as many whole lines as fit, or one longer line. */
static size_t
piece_len(const struct output *output)
{
	const char *at = output->buf.at + output->start, *newline;
	size_t len = output_pending_bytes(output);

	if (len <= output->piece_bytes)
		return len;
	newline = memrchr(at, '\n', output->piece_bytes);
	if (!newline)
		newline = memchr(at, '\n', len);
	return newline ? (size_t)(newline - at) + 1 : len;
}

/* write(2) that does not block. */
static ssize_t
write_piece(const struct output *output, const char *at, size_t len)
{
	struct pollfd room = {output->fd, POLLOUT, 0};

	if (output->socket)
		return send(output->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!output->own && output->piece_bytes == PIPE_BUF && poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(output->fd, at, len);
}

bool
output_retract(struct output *output, uint64_t written)
{
	off_t len = (off_t)(output->written - written), end;
	struct stat info;

	if (len == 0)
		return true;
	end = output->regular ? lseek(output->fd, 0, SEEK_CUR) : -1;
	if (end < len || fstat(output->fd, &info) < 0 || info.st_size != end ||
		ftruncate(output->fd, end - len) < 0)
		return false;
	lseek(output->fd, end - len, SEEK_SET);
	output->start -= (size_t)len < output->start ? (size_t)len : output->start;
	output->written = written;
	return true;
}

/* Removes a line that is written in part, and fails with the error in errno. */
static int
fail_to_write(struct output *output, struct chat_err *err)
{
	int error = errno;
	const char *newline = output->start ? memrchr(output->buf.at, '\n', output->start) : NULL;
	size_t whole = newline ? (size_t)(newline + 1 - output->buf.at) : 0;

	output_retract(output, output->written - (output->start - whole));
	errno = error;
	return chat_fail(err, CHAT_IO_ERROR, "stdout: %s", strerror(error));
}

/* Ends a torn line. Returns 0, or -1 with errno. */
static int
begin_line(struct output *output)
{
	ssize_t wrote = 1;

	while (output->torn && (wrote = write(output->fd, "\n", 1)) < 0 && errno == EINTR)
		;
	output->torn = wrote != 1;
	return wrote == 1 ? 0 : -1;
}

int
output_flush(struct output *output, struct chat_err *err)
{
	ssize_t wrote;

	if (output_pending_bytes(output) > 0 && begin_line(output) < 0)
		return fail_to_write(output, err);
	while (output_pending_bytes(output) > 0) {
		wrote = write_piece(output, output->buf.at + output->start, piece_len(output));
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			/* The rest is moved if it is the smaller part: each byte about once. */
			if (output->start > output_pending_bytes(output)) {
				chat_buf_drop(&output->buf, output->start);
				output->start = 0;
			}
			return 0;
		}
		if (wrote < 0)
			return fail_to_write(output, err);
		output->start += (size_t)wrote;
		output->written += (uint64_t)wrote;
	}
	output->start = 0;
	output->buf.len = 0;
	if (output->buf.cap > KEEP_BYTES)
		chat_buf_free(&output->buf);
	return 1;
}
