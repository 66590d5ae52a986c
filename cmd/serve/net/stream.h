#ifndef SERVE_NET_STREAM_H
#define SERVE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "chat/span.h"
#include "serve/net/stream_status.h"
#include "serve/net/tls.h"

/* A stream of bytes over a non-blocking socket, with or without TLS. */
struct stream {
	int fd; /* owned; -1: closed */
	struct tls_session *tls; /* owned; NULL: the stream has no TLS */
};

/*
 * Opens a stream that owns the socket; NULL: without TLS. The memory for unsent bytes is added to
 * *held. Returns 0, or -1: fd is closed.
 */
int stream_open(struct stream *stream, int fd, struct tls *tls, size_t *held);
void stream_close(struct stream *stream);

/*
 * Reads about `share` bytes, at most size. size must be at least TLS_RECORD_MAX. Returns the number
 * of bytes, or STREAM_WAIT or STREAM_GONE.
 */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size, size_t share);

/*
 * Sends bytes from the front of the pieces, as many as possible in one call. count must be at least
 * 1. Returns the number of bytes that the stream has accepted, or STREAM_WAIT or STREAM_GONE. With
 * TLS, some of them may be unsent: the stream keeps them, and accepts no others.
 */
ssize_t stream_write(struct stream *stream, const struct iovec *pieces, int count);

/* Returns the number of bytes that the stream keeps. Each is to be sent by stream_flush(). */
static inline size_t
stream_unsent(const struct stream *stream)
{
	return stream->tls ? tls_unsent(stream->tls) : 0;
}

/* From now on the memory for unsent bytes is part of *held; NULL: it is not counted. */
static inline void
stream_held_by(struct stream *stream, size_t *held)
{
	if (stream->tls)
		tls_held_by(stream->tls, held);
}

/* Returns true if stream_write() can go on only when stream_read() has read more. */
static inline bool
stream_waits_for_input(const struct stream *stream)
{
	return stream->tls && tls_waits_for_input(stream->tls);
}

/* Returns the number of kept bytes that the socket has accepted, or STREAM_GONE. */
static inline ssize_t
stream_flush(struct stream *stream)
{
	return stream->tls ? tls_flush(stream->tls) : 0;
}

/* Returns true if bytes can be sent. With TLS, stream_read() must have done the handshake. */
static inline bool
stream_is_up(const struct stream *stream)
{
	return !stream->tls || tls_is_up(stream->tls);
}

/* After STREAM_GONE: returns the reason, a static sentence; NULL: TLS is not the reason. */
const char *stream_fault(const struct stream *stream);

/* Returns tls_peer_name(): the name in the peer's certificate. `at` is NULL without TLS. */
struct chat_span stream_peer_name(const struct stream *stream, char *storage, size_t size);

/* Sends a TLS close_notify: no data follows. Does nothing without TLS. */
void stream_close_notify(struct stream *stream);

/* Closes our side of the stream, with a close_notify. The peer can still send. */
void stream_shutdown(struct stream *stream);

#endif
