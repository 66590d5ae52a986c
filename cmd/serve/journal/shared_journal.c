/*
 * The parts of a journal that several loops share. A message gets its number, is encoded and is put
 * into the queue under one lock, because the numbers must ascend in the files. shared_owner.c takes
 * it from there.
 */
#include "serve/journal/shared_journal.h"

#include <stdlib.h>

#include "serve/journal/shared_private.h"
#include "serve/journal/state.h"
#include "text/array.h"

static struct journal_part *
part_of(struct journal *journal)
{
	return (struct journal_part *)journal;
}

/* ---- on the loop of a part ---- */

uint64_t
shared_part_next_number(struct journal *journal)
{
	struct shared_journal *shared = part_of(journal)->shared;

	uv_mutex_lock(&shared->mutex);
	return ++shared->number;
}

uint64_t
shared_part_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	struct journal_part *part = part_of(journal);
	struct intake *intake = &part->shared->intake;

	ARRAY_GROW(intake->lines, intake->count, intake->cap, 64);
	chat_buf_append_span(&intake->texts, text);
	intake->lines[intake->count++] = (struct intake_line){
		.line = *line,
		.ticket = ++part->appended,
		.len = (uint32_t)text.len,
		.part = part->number,
	};
	uv_mutex_unlock(&part->shared->mutex);
	part->journal.unwritten_bytes += message_bytes(text.len);
	return part->appended;
}

static void
part_commit(struct journal *journal)
{
	struct journal_part *part = part_of(journal);

	if (part->committed == part->appended)
		return;
	part->committed = part->appended;
	uv_async_send(&part->shared->wake);
}

void
shared_part_take_answer(struct journal_part *part, const struct part_answer *answer)
{
	struct journal *journal = &part->journal;

	part->answered = answer->ticket;
	journal->unwritten_bytes -= answer->bytes;
	if (answer->failed)
		journal->events.failed(journal->arg, answer->ticket, &answer->err);
	else
		journal->events.durable(journal->arg, answer->ticket);
}

static void
on_letter(void *arg, struct letter *letter)
{
	struct part_letter *head = (struct part_letter *)letter;

	if (head->kind != PART_ANSWER) {
		shared_read_end((struct shared_read *)head);
		return;
	}
	shared_part_take_answer(arg, &head->answer);
	free(head);
}

bool
shared_part_is_settled(const struct journal *journal)
{
	const struct journal_part *part = (const struct journal_part *)journal;

	return part->answered == part->appended || atomic_load(&part->shared->late);
}

/* Part 0 has settled: what it had to tell is in the mailbox. */
static bool
part_settle(struct journal *journal)
{
	struct journal_part *part = part_of(journal);
	struct letter *letter;

	mailbox_close(&part->mailbox);
	while ((letter = mailbox_take(&part->mailbox)))
		on_letter(part, letter);
	return part->answered == part->appended;
}

/* Part 0 answers at once if there is no message. */
static uint64_t
part_message_count(struct journal *journal, struct chat_span channel)
{
	(void)journal;
	(void)channel;
	return STATS_COUNT_UNKNOWN;
}

uint64_t
shared_part_newest_removed(const struct journal *journal)
{
	return atomic_load(&((const struct journal_part *)journal)->shared->newest_removed);
}

uint64_t
shared_part_newest_older_than(const struct journal *journal, int64_t time_ms)
{
	struct shared_journal *shared = ((const struct journal_part *)journal)->shared;
	uint64_t number;

	uv_mutex_lock(&shared->mutex);
	number = closed_segments_older_than(&shared->closed, time_ms);
	uv_mutex_unlock(&shared->mutex);
	return number;
}

static enum journal_end
part_close(struct journal *journal, bool in_use)
{
	struct journal_part *part = part_of(journal);

	(void)in_use; /* the structures of reads are part 0's to free */
	shared_reads_abandon(part);
	mailbox_free(&part->mailbox);
	return JOURNAL_KEPT;
}

static const struct journal_kind kind_part = {
	.name = "part",
	.next_number = shared_part_next_number,
	.append = shared_part_append,
	.commit = part_commit,
	.settle = part_settle,
	.is_settled = shared_part_is_settled,
	.read_page = shared_read_page,
	.message_count = part_message_count,
	.read_newest = shared_read_newest,
	.newest_removed = shared_part_newest_removed,
	.newest_older_than = shared_part_newest_older_than,
	.close = part_close,
};

/* ---- the whole ---- */

void
shared_intake_free(struct intake *intake)
{
	chat_buf_free(&intake->texts);
	free(intake->lines);
	*intake = (struct intake){0};
}

struct shared_journal *
shared_journal_new(size_t loops)
{
	struct shared_journal *shared = chat_alloc_zeroed(1, sizeof(*shared));

	shared->loops = loops;
	shared->parts = chat_alloc_zeroed(loops, sizeof(*shared->parts));
	uv_mutex_init(&shared->mutex);
	return shared;
}

struct journal *
shared_journal_part(struct shared_journal *shared, size_t number, uv_loop_t *loop,
	const struct journal_events *events, void *arg)
{
	struct journal_part *part = &shared->parts[number];

	part->journal = (struct journal){
		.kind = number ? &kind_part : &shared_owner_kind, .events = *events, .arg = arg};
	part->shared = shared;
	part->number = (uint32_t)number;
	if (number)
		mailbox_open(&part->mailbox, loop, on_letter, part);
	else
		shared->wake.data = loop;
	return &part->journal;
}

void
shared_journal_free(struct shared_journal *shared)
{
	if (!shared)
		return;
	shared_intake_free(&shared->intake);
	shared_intake_free(&shared->spare);
	closed_segments_free(&shared->closed);
	free(shared->in_flight.at);
	uv_mutex_destroy(&shared->mutex);
	free(shared->parts);
	free(shared);
}
