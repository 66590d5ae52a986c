/* The progress bar of --file. */
#include "send/upload_progress.h"

#include "text/clock.h"

#define AFTER_MS 1000 /* the bar is shown only after this time */
#define LOOK_MS 200 /* between two updates of the bar */

void
upload_progress_init(struct upload_progress *upload_progress, bool wanted)
{
	*upload_progress = (struct upload_progress){0};
	chat_progress_init(&upload_progress->progress, wanted, AFTER_MS);
}

void
upload_progress_watch(
	struct upload_progress *upload_progress, const char *name, size_t unsent_bytes)
{
	if (unsent_bytes > upload_progress->unsent_bytes)
		chat_progress_begin(&upload_progress->progress, name, unsent_bytes);
	else if (unsent_bytes == 0)
		chat_progress_hide(&upload_progress->progress);
	else
		chat_progress_add(
			&upload_progress->progress, upload_progress->unsent_bytes - unsent_bytes);
	upload_progress->unsent_bytes = unsent_bytes;
}

int64_t
upload_progress_wake_ms(const struct upload_progress *upload_progress)
{
	return upload_progress->progress.on && upload_progress->unsent_bytes
		? chat_now_ms() + LOOK_MS
		: INT64_MAX;
}

void
upload_progress_hide(struct upload_progress *upload_progress)
{
	chat_progress_hide(&upload_progress->progress);
}
