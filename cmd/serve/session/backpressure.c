/* Between senders and the disk: a slow disk slows the senders down and does not fill the memory. */
#include "serve/session/backpressure.h"

#define PUBLISH_PART \
	16 /* of the limit: the bytes accepted in one turn that make it publish early */

void
backpressure_open(struct backpressure *backpressure, const struct channels *channels,
	size_t limit_bytes, size_t max_message_bytes)
{
	size_t least = 4 * BACKPRESSURE_COPIES * max_message_bytes;

	backpressure->channels = channels;
	backpressure->limit_bytes = limit_bytes < least ? least : limit_bytes;
	backpressure_mark(backpressure);
}

size_t
backpressure_bytes(const struct backpressure *backpressure)
{
	const struct channels *channels = backpressure->channels;

	return channels->pending_bytes + channels->journal->unwritten_bytes +
		(channels->log ? channels->log->bytes : 0);
}

bool
backpressure_is_full(const struct backpressure *backpressure, size_t bytes)
{
	return backpressure_bytes(backpressure) + BACKPRESSURE_COPIES * bytes >
		backpressure->limit_bytes;
}

bool
backpressure_is_high(const struct backpressure *backpressure, size_t expected_bytes)
{
	return backpressure_bytes(backpressure) + expected_bytes > backpressure->limit_bytes / 2;
}

void
backpressure_relieve(struct backpressure *backpressure)
{
	if (backpressure_bytes(backpressure) <= backpressure->publish_bytes)
		return;
	backpressure->publish(backpressure->arg);
	backpressure_mark(backpressure);
}

void
backpressure_mark(struct backpressure *backpressure)
{
	backpressure->publish_bytes =
		backpressure_bytes(backpressure) + backpressure->limit_bytes / PUBLISH_PART;
}
