/* Random bytes of the kernel, for the handshake keys and masking keys of clients (RFC 6455). */
#include "wire/random.h"

#include <errno.h>
#include <sys/random.h>

#include "text/buf.h"

void
chat_random(void *bytes, size_t size)
{
	while (getrandom(bytes, size, 0) != (ssize_t)size)
		if (errno != EINTR)
			chat_abort("no random bytes");
}
