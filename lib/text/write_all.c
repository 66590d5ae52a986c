/* Writes lines to a descriptor that another process may have made non-blocking. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "text/err.h"
#include "text/line.h"

int
chat_write_all(int fd, const void *bytes, size_t len, struct chat_err *err)
{
	const char *at = bytes;
	ssize_t written;

	while (len > 0) {
		written = write(fd, at, len);
		if (written >= 0) {
			at += written;
			len -= (size_t)written;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (chat_wait_for(fd, POLLOUT, err) < 0)
				return -1;
		} else if (errno != EINTR) {
			return chat_fail(err, CHAT_IO_ERROR, "%m");
		}
	}
	return 0;
}
