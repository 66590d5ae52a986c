/* The only place that moves a connection's bytes in or out of the kernel. */
#include "serve/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void
stream_open(struct stream *stream, int fd)
{
	stream->fd = fd;
}

void
stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

ssize_t
stream_status(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? STREAM_WAIT
									 : STREAM_GONE;
}

static ssize_t
stream_result(ssize_t count)
{
	return count >= 0 ? count : stream_status(errno);
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size)
{
	ssize_t count = recv(stream->fd, bytes, size, 0);

	return count == 0 ? STREAM_GONE : stream_result(count);
}

ssize_t
stream_write(struct stream *stream, const struct iovec *pieces, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};

	if (count == 1)
		return stream_result(
			send(stream->fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL));
	return stream_result(sendmsg(stream->fd, &message, MSG_NOSIGNAL));
}

void
stream_finish(struct stream *stream)
{
	shutdown(stream->fd, SHUT_WR);
}
