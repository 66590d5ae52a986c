#ifndef SERVE_CHANNEL_ROLLBACK_H
#define SERVE_CHANNEL_ROLLBACK_H

#include <stdint.h>

/*
 * Removes the pending messages up to this ticket, because the journal did not store them. No member
 * has seen them. Their senders are sent storage_failed, and may post them again. Those up to
 * channels->durable are stored, and stay.
 */
struct channels;

void channels_rollback(struct channels *channels, uint64_t ticket);

#endif
