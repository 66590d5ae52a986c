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

/*
 * A stream of bytes to a peer over a non-blocking socket, plain or in TLS.
 */
struct stream {
	int fd; /* owned; -1: closed */
	struct tls_session *tls; /* owned; NULL: the stream is plain */
};

/* Takes over the socket, in TLS unless tls is NULL. Returns 0, or -1: the socket is closed. */
int stream_open(struct stream *stream, int fd, struct tls *tls);
void stream_close(struct stream *stream);

/*
 * Reads about `share` bytes, and never more than size, which is at least TLS_RECORD_MAX. Returns
 * the bytes read, or STREAM_WAIT or STREAM_GONE.
 */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size, size_t share);

/*
 * Sends the front of the pieces. Returns the bytes sent, or STREAM_WAIT or STREAM_GONE. After
 * STREAM_WAIT the first stream_committed() bytes may be in a record of TLS already: the next call
 * must begin with them.
 */
ssize_t stream_write(struct stream *stream, const struct iovec *pieces, int count);
size_t stream_committed(const struct stream *stream);

/* Returns true when bytes can be sent: over TLS, once stream_read() has done the handshake. */
bool stream_is_up(const struct stream *stream);

/* Returns why the stream is gone, a static sentence; NULL: TLS is not the reason. */
const char *stream_fault(const struct stream *stream);

/* Returns the name in the peer's certificate, as tls_peer_name(). `at` is NULL over plain TCP. */
struct chat_span stream_peer_name(const struct stream *stream, char *storage, size_t size);

/* Returns true while stream_read() waits for the socket to take bytes. */
bool stream_wants_write(const struct stream *stream);

/* Sends TLS's close_notify, before both sides close. Does nothing over plain TCP. */
void stream_close_notify(struct stream *stream);

/* Closes our side of the stream, after all was written. The peer can still send. */
void stream_shutdown(struct stream *stream);

#endif
