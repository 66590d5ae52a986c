/*
 * Reads and writes the socket of a connection, with or without TLS. Only the sends of a batch
 * (send_batch.c) do not use this file.
 */
#include "serve/net/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int
stream_open(struct stream *stream, int fd, struct tls *tls, size_t *held)
{
	*stream = (struct stream){.fd = fd};
	if (!tls)
		return 0;
	stream->tls = tls_accept(tls, fd, held);
	if (stream->tls)
		return 0;
	stream_close(stream);
	return -1;
}

void
stream_close(struct stream *stream)
{
	tls_session_free(stream->tls);
	if (stream->fd >= 0)
		close(stream->fd);
	*stream = (struct stream){.fd = -1};
}

static ssize_t
result_of(ssize_t count)
{
	return count >= 0 ? count : stream_status(errno);
}

ssize_t
stream_read(struct stream *stream, void *bytes, size_t size, size_t share)
{
	ssize_t count;

	if (stream->tls)
		return tls_read(stream->tls, bytes, size, share);
	count = recv(stream->fd, bytes, share < size ? share : size, 0);
	return count == 0 ? STREAM_GONE : result_of(count);
}

ssize_t
stream_write(struct stream *stream, const struct iovec *pieces, int count)
{
	if (stream->tls)
		return tls_write(stream->tls, pieces, count);
	if (count == 1)
		return result_of(send(stream->fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL));
	return result_of(writev(stream->fd, pieces, count)); /* the process ignores SIGPIPE */
}

struct chat_span
stream_peer_name(const struct stream *stream, char *storage, size_t size)
{
	return stream->tls ? tls_peer_name(stream->tls, storage, size) : (struct chat_span){0};
}

const char *
stream_fault(const struct stream *stream)
{
	return stream->tls ? tls_fault(stream->tls) : NULL;
}

void
stream_close_notify(struct stream *stream)
{
	if (stream->tls)
		tls_close_notify(stream->tls);
}

void
stream_shutdown(struct stream *stream)
{
	stream_close_notify(stream);
	shutdown(stream->fd, SHUT_WR);
}
