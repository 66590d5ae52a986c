#ifndef SERVE_NET_STREAM_STATUS_H
#define SERVE_NET_STREAM_STATUS_H

#include <errno.h>
#include <sys/types.h>

/* Results of a read or a write of a stream that moved no bytes. */
enum {
	STREAM_WAIT = -1, /* it would have to wait: poll the socket, and call again */
	STREAM_GONE = -2 /* end of file, or an error that stays */
};

/* Returns the one that an errno of the socket means. */
static inline ssize_t
stream_status(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? STREAM_WAIT
									 : STREAM_GONE;
}

#endif
