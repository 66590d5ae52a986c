#ifndef SERVE_CHANNEL_ROLLBACK_H
#define SERVE_CHANNEL_ROLLBACK_H

#include <stdint.h>

/*
 * Takes back the pending messages up to this ticket, because the journal will never store them.
 * Nobody sees them. Their senders get storage_failed, and may post them again.
 */
struct channels;

void channels_rollback(struct channels *channels, uint64_t ticket);

#endif
