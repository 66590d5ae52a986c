/* The progress bar of --file. */
#include "send/transfer.h"

#include "chat/clock.h"

#define AFTER_MS 1000 /* a shorter transfer needs no bar */
#define LOOK_MS 200

void
transfer_init(struct transfer *transfer, bool wanted)
{
	*transfer = (struct transfer){0};
	chat_progress_init(&transfer->progress, wanted, AFTER_MS);
}

void
transfer_watch(struct transfer *transfer, const char *name, size_t unsent_bytes)
{
	if (unsent_bytes > transfer->unsent_bytes)
		chat_progress_begin(&transfer->progress, name, unsent_bytes);
	else if (unsent_bytes == 0)
		chat_progress_hide(&transfer->progress);
	else
		chat_progress_add(&transfer->progress, transfer->unsent_bytes - unsent_bytes);
	transfer->unsent_bytes = unsent_bytes;
}

int64_t
transfer_wake_ms(const struct transfer *transfer)
{
	return transfer->progress.on && transfer->unsent_bytes ? chat_now_ms() + LOOK_MS
							       : INT64_MAX;
}

void
transfer_hide(struct transfer *transfer)
{
	chat_progress_hide(&transfer->progress);
}
