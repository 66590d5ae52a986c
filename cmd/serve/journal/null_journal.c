/*
 * The journal of a server without --journal: history is only in memory, and is lost when the
 * process ends.
 */
#include "serve/journal/journal.h"

#include <stdlib.h>

#include "text/buf.h"

struct null_journal {
	struct journal journal;
	uint64_t appended, durable;
};

static uint64_t
null_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	(void)line;
	(void)text;
	return ++((struct null_journal *)journal)->appended;
}

static void
null_commit(struct journal *journal)
{
	struct null_journal *null = (struct null_journal *)journal;

	if (null->durable == null->appended)
		return;
	null->durable = null->appended;
	journal->events.durable(journal->arg, null->durable);
}

static bool
null_settle(struct journal *journal)
{
	null_commit(journal);
	return true;
}

static bool
null_is_settled(const struct journal *journal)
{
	const struct null_journal *null = (const struct null_journal *)journal;

	return null->durable == null->appended;
}

static enum journal_end
null_close(struct journal *journal, bool in_use)
{
	null_commit(journal);
	if (!in_use)
		free(journal);
	return JOURNAL_KEPT;
}

static const struct journal_kind kind_null = {
	.name = "null",
	.append = null_append,
	.commit = null_commit,
	.settle = null_settle,
	.is_settled = null_is_settled,
	.close = null_close,
};

struct journal *
null_journal_open(const struct journal_events *events, void *arg)
{
	struct null_journal *null = chat_alloc_zeroed(1, sizeof(*null));

	null->journal = (struct journal){.kind = &kind_null, .events = *events, .arg = arg};
	return &null->journal;
}
