/* Asks the journal for pages and newest messages, and puts the answers into memory. */
#include "serve/session/catchup_read.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/channel/replay.h"
#include "serve/channel/since.h"
#include "text/buf.h"

#define NEWEST_MAX_BYTES ((size_t)4 << 20) /* of texts that catchup_read_newest reads */
#define TAIL_TURNS 2 /* the turn in which the page is handed out, and the next */

/* The part that is common to both kinds of reads. */
struct read_task {
	struct catchup_reads *reads;
	struct channel *channel; /* its `readers` counts this read */
	struct page *page; /* to be filled */
};

struct page_read {
	struct journal_page_read read; /* first */
	struct read_task task;
};

struct newest_read {
	struct journal_newest_read recall; /* first */
	struct read_task task;
	uint64_t
		dropped; /* the newest that the channel's history had dropped when the read began */
};

/*
 * A channel for which a read has ended. It keeps more history for some turns: if the page ends with
 * the journal, the members that waited for the page find the next messages in memory.
 */
struct catchup_tail {
	struct catchup_tail *next;
	struct channel *channel; /* its `readers` counts the read until this is freed */
	unsigned turns; /* left */
};

size_t
catchup_page_bytes(const struct catchup_reads *reads)
{
	size_t bytes = page_cache_next_bytes(&reads->channels->page_cache);

	return bytes < reads->page_max_bytes ? bytes : reads->page_max_bytes;
}

static void
task_begin(struct read_task *task, struct catchup_reads *reads, struct channel *channel,
	const struct page_key *key)
{
	*task = (struct read_task){
		reads, channel, page_cache_add(&reads->channels->page_cache, key)};
	reads->running++;
	channel->readers++;
}

static void
tail_add(struct catchup_reads *reads, struct channel *channel)
{
	struct catchup_tail *tail = chat_alloc(sizeof(*tail));

	*tail = (struct catchup_tail){.channel = channel, .turns = TAIL_TURNS};
	LL_PREPEND(reads->tails, tail);
}

/* Makes the page ready, with this block; NULL if the read found no message. */
static void
task_end(const struct read_task *task, struct block *block)
{
	struct catchup_reads *reads = task->reads;

	page_cache_fill(&reads->channels->page_cache, task->page, block);
	tail_add(reads, task->channel);
	reads->running--;
	reads->on_page(reads->arg, task->page);
}

static void
on_page_read(struct journal_page_read *read)
{
	struct page_read *asked = (struct page_read *)read;
	struct read_task task = asked->task;
	struct block *block = read->page;

	task.page->end = read->end;
	task.page->complete = read->complete;
	free(asked);
	task_end(&task, block);
}

struct page *
catchup_read_page(struct catchup_reads *reads, struct channel *channel, const struct page_key *key)
{
	struct page_read *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = reads->channels->journal;

	task_begin(&asked->task, reads, channel, key);
	memcpy(asked->read.channel, channel->name, channel->name_len);
	asked->read.after = key->after;
	asked->read.upto = channel_newest_number(channel);
	asked->read.page_bytes = catchup_page_bytes(reads);
	asked->read.most_bytes = channel->channels->limits.page_message_bytes;
	asked->read.complete = !key->incomplete;
	asked->read.done = on_page_read;
	journal->kind->read_page(journal, &asked->read);
	return asked->task.page;
}

static void
on_newest_read(struct journal_newest_read *recall)
{
	struct newest_read *asked = (struct newest_read *)recall;
	struct read_task task = asked->task;

	channel_history_prepend(task.channel, &recall->found, asked->dropped, recall->removed);
	free(asked);
	task_end(&task, NULL);
}

struct page *
catchup_read_newest(
	struct catchup_reads *reads, struct channel *channel, const struct page_key *key)
{
	struct newest_read *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = reads->channels->journal;

	task_begin(&asked->task, reads, channel, key);
	memcpy(asked->recall.channel, channel->name, channel->name_len);
	asked->recall.upto = channel_newest_number(channel);
	asked->recall.most = channel_replay_most(channel);
	asked->recall.most_bytes = NEWEST_MAX_BYTES;
	asked->recall.done = on_newest_read;
	asked->dropped = channel->history.dropped;
	channel->newest_read = true;
	journal->kind->read_newest(journal, &asked->recall);
	return asked->task.page;
}

void
catchup_reads_end_turn(struct catchup_reads *reads)
{
	struct catchup_tail *tail, *next;

	LL_FOREACH_SAFE(reads->tails, tail, next)
	{
		if (--tail->turns)
			continue;
		LL_DELETE(reads->tails, tail);
		tail->channel->readers--;
		channel_release(tail->channel);
		free(tail);
	}
}

void
catchup_reads_free(struct catchup_reads *reads)
{
	while (reads->tails)
		catchup_reads_end_turn(reads);
}
