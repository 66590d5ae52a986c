#ifndef SERVE_NET_STREAM_H
#define SERVE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "chat/span.h"
#include "serve/net/stream_status.h"

struct tls;
struct tls_session;

/* A stream of bytes over a non-blocking socket, with or without TLS. */
struct stream {
	int fd; /* owned; -1: closed */
	struct tls_session *tls; /* owned; NULL: the stream has no TLS */
};

/* Opens a stream that owns the socket; NULL: without TLS. Returns 0, or -1: fd is closed. */
int stream_open(struct stream *stream, int fd, struct tls *tls);
void stream_close(struct stream *stream);

/*
 * Reads about `share` bytes, at most size. size must be at least TLS_RECORD_MAX. Returns the number
 * of bytes, or STREAM_WAIT or STREAM_GONE.
 */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size, size_t share);

/*
 * Sends bytes from the front of the pieces, as many as possible in one call. count must be at least
 * 1. Returns the number of bytes sent, or STREAM_WAIT or STREAM_GONE. After STREAM_WAIT, the first
 * stream_committed() bytes are in a TLS record already: the next call must begin with these bytes.
 */
ssize_t stream_write(struct stream *stream, const struct iovec *pieces, int count);
size_t stream_committed(const struct stream *stream);

/* Returns true if bytes can be sent. With TLS, stream_read() must have done the handshake. */
bool stream_is_up(const struct stream *stream);

/* After STREAM_GONE: returns the reason, a static sentence; NULL: TLS is not the reason. */
const char *stream_fault(const struct stream *stream);

/* Returns tls_peer_name(): the name in the peer's certificate. `at` is NULL without TLS. */
struct chat_span stream_peer_name(const struct stream *stream, char *storage, size_t size);

/* Returns true if stream_read() can go on only when the socket is writable. */
bool stream_wants_write(const struct stream *stream);

/* Sends a TLS close_notify: no data follows. Does nothing without TLS. */
void stream_close_notify(struct stream *stream);

/* Closes our side of the stream, with a close_notify. The peer can still send. */
void stream_shutdown(struct stream *stream);

#endif
