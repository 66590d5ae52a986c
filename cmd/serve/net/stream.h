#ifndef SERVE_NET_STREAM_H
#define SERVE_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "chat/span.h"

struct tls;
struct tls_session;

/*
 * A byte stream to a peer over a non-blocking socket, plain or in TLS. Both calls give the number
 * of bytes moved, or one of these.
 */
enum {
	STREAM_WAIT = -1, /* nothing now: poll for it */
	STREAM_GONE = -2 /* end of file, or an error no later call mends */
};

struct stream {
	int fd; /* owned; -1: closed */
	struct tls_session *tls; /* NULL: plain */
};

/* Takes the socket over, in TLS unless tls is NULL. -1: TLS cannot be had; the socket is closed. */
int stream_open(struct stream *stream, int fd, struct tls *tls);
void stream_close(struct stream *stream);

/* About `share` bytes are read, not more than size, which is at least TLS_RECORD_MAX. */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size, size_t share);

/*
 * Sends the front of the pieces. Where it says STREAM_WAIT, the first stream_bound() bytes are on
 * their way all the same, in a record of TLS: the next call must begin with them.
 */
ssize_t stream_write(struct stream *stream, const struct iovec *pieces, int count);
size_t stream_bound(const struct stream *stream);

/* Whether bytes can be sent: before that TLS has to be agreed on, by stream_read. */
bool stream_is_up(const struct stream *stream);

/* Why it is gone, where TLS is the reason; NULL: it is not. */
const char *stream_fault(const struct stream *stream);

/* By the peer's certificate, as tls_peer_name; at NULL over a plain one. */
struct chat_span stream_peer_name(const struct stream *stream, char *storage, size_t size);

/* Whether stream_read waits for the socket to take bytes. */
bool stream_wants_write(const struct stream *stream);

/* Which of the two an errno means, where somebody else moved the bytes. */
ssize_t stream_status(int error);

/* The goodbye of TLS, before a close that was agreed on; a plain stream has none. */
void stream_notify(struct stream *stream);

/* Says to the peer that nothing more will come (after everything was written). */
void stream_finish(struct stream *stream);

#endif
