#ifndef SERVE_NET_STREAM_STATUS_H
#define SERVE_NET_STREAM_STATUS_H

#include <errno.h>
#include <sys/types.h>

/* The results of a read or write that transferred no bytes. */
enum {
	STREAM_WAIT = -1, /* it would block: poll the socket, and call again */
	STREAM_GONE = -2 /* end of file, or a permanent error */
};

/* Returns STREAM_WAIT or STREAM_GONE for an errno of the socket. */
static inline ssize_t
stream_status(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? STREAM_WAIT
									 : STREAM_GONE;
}

#endif
