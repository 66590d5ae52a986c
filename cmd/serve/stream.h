#ifndef SERVE_STREAM_H
#define SERVE_STREAM_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * A byte stream to a peer over a non-blocking socket. Both calls give the number of bytes moved, or
 * one of these.
 */
enum {
	STREAM_WAIT = -1, /* nothing now: poll for it */
	STREAM_GONE = -2 /* end of file, or an error no later call mends */
};

struct stream {
	int fd; /* owned; -1: closed */
};

void stream_open(struct stream *stream, int fd);
void stream_close(struct stream *stream);

ssize_t stream_read(struct stream *stream, void *bytes, size_t size);
ssize_t stream_write(struct stream *stream, const struct iovec *pieces, int count);

/* Which of the two an errno means, where somebody else moved the bytes. */
ssize_t stream_status(int error);

/* Says to the peer that nothing more will come (after everything was written). */
void stream_finish(struct stream *stream);

#endif
