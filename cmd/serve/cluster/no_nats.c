/* The shared log of a chat-serve that was built without libnats. */
#include "serve/cluster/shared_log.h"

#include "text/err.h"

struct shared_log *
shared_log_open(const struct shared_log_options *options, uv_loop_t *loop,
	const struct shared_log_events *events, void *arg, struct chat_err *err)
{
	(void)options;
	(void)loop;
	(void)events;
	(void)arg;
	chat_fail(err, CHAT_USAGE,
		"--cluster: this chat-serve was built without libnats (package libnats-dev)");
	return NULL;
}

/* None of these is called, because there is no shared log. */

void
shared_log_read(struct shared_log *log, uint64_t after, int64_t time_ms)
{
	(void)log;
	(void)after;
	(void)time_ms;
}

void
shared_log_publish(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	(void)log;
	(void)batch;
	(void)text;
}

void
shared_log_say(struct shared_log *log, struct chat_span text)
{
	(void)log;
	(void)text;
}

void
shared_log_close(struct shared_log *log)
{
	(void)log;
}

void
shared_log_free(struct shared_log *log)
{
	(void)log;
}
