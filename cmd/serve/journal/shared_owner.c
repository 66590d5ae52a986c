/*
 * Part 0 of a journal that several loops share. At each commit it takes the messages of all parts
 * from the queue, in their order, and writes them to the journal on the disk; what that answers, it
 * passes on to each part.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/journal/disk_journal.h"
#include "serve/journal/shared_journal.h"
#include "serve/journal/shared_private.h"
#include "serve/journal/state.h"
#include "text/array.h"

#define INTAKE_KEPT ((size_t)1 << 20) /* the most bytes of memory that an empty intake keeps */

/* ---- answers of the disk ---- */

/* Tells the part of its messages. */
static void
part_tell(struct journal_part *part, const struct part_answer *answer)
{
	struct part_letter *letter;

	if (part->number == 0) {
		shared_part_take_answer(part, answer);
		return;
	}
	letter = chat_alloc_zeroed(1, sizeof(*letter));
	letter->kind = PART_ANSWER;
	letter->letter.bytes = sizeof(*letter);
	letter->answer = *answer;
	if (!mailbox_post(&part->mailbox, &letter->letter))
		free(letter);
}

/* Takes the first message in flight, and notes for its part that it is answered. */
static void
in_flight_take(struct shared_journal *shared)
{
	const struct in_flight *message = &shared->in_flight.at[shared->in_flight.first++];
	struct part_answer *news = &shared->parts[message->part].news;

	shared->answered++;
	news->ticket = message->ticket;
	news->bytes += message_bytes(message->len);
	if (shared->in_flight.first == shared->in_flight.count)
		shared->in_flight.first = shared->in_flight.count = 0;
}

/* The messages up to this ticket of the disk's are durable, or failed if there is an error. */
static void
shared_answer(struct shared_journal *shared, uint64_t ticket, const struct chat_err *err)
{
	while (shared->answered < ticket)
		in_flight_take(shared);
	for (size_t i = 0; i < shared->loops; i++) {
		struct part_answer answer = shared->parts[i].news;

		shared->parts[i].news = (struct part_answer){0};
		answer.failed = err != NULL;
		if (err)
			answer.err = *err;
		if (answer.ticket)
			part_tell(&shared->parts[i], &answer);
	}
}

static void
on_durable(void *arg, uint64_t ticket)
{
	shared_answer(arg, ticket, NULL);
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	shared_answer(arg, ticket, err);
}

static void
on_warning(void *arg, const char *sentence)
{
	const struct journal *first = &((struct shared_journal *)arg)->parts[0].journal;

	if (first->events.warn)
		first->events.warn(first->arg, sentence);
}

/* ---- the queue ---- */

static void
in_flight_add(struct shared_journal *shared, const struct intake_line *line)
{
	if (shared->in_flight.first && shared->in_flight.count == shared->in_flight.cap) {
		shared->in_flight.count -= shared->in_flight.first;
		memmove(shared->in_flight.at, shared->in_flight.at + shared->in_flight.first,
			shared->in_flight.count * sizeof(*shared->in_flight.at));
		shared->in_flight.first = 0;
	}
	ARRAY_GROW(shared->in_flight.at, shared->in_flight.count, shared->in_flight.cap, 64);
	shared->in_flight.at[shared->in_flight.count++] =
		(struct in_flight){line->ticket, line->len, line->part};
}

/* Appends the messages of all parts to the journal on the disk. */
static void
shared_take(struct shared_journal *shared)
{
	struct intake taken;
	size_t at = 0;

	uv_mutex_lock(&shared->mutex);
	taken = shared->intake;
	shared->intake = shared->spare;
	uv_mutex_unlock(&shared->mutex);
	for (size_t i = 0; i < taken.count; i++) {
		const struct intake_line *line = &taken.lines[i];

		in_flight_add(shared, line);
		shared->disk->kind->append(shared->disk, &line->line,
			(struct chat_span){taken.texts.at + at, line->len});
		at += line->len;
	}
	taken.count = taken.texts.len = 0;
	if (taken.texts.cap + taken.cap * sizeof(*taken.lines) > INTAKE_KEPT)
		shared_intake_free(&taken);
	shared->spare = taken;
}

/* Copies the list of closed segments for the other parts, if it has changed. */
static void
shared_copy_closed(struct shared_journal *shared)
{
	const struct closed_segments *from = &((struct disk_journal *)shared->disk)->closed;

	if (closed_segments_are_same(&shared->closed, from))
		return;
	uv_mutex_lock(&shared->mutex);
	closed_segments_copy(&shared->closed, from);
	uv_mutex_unlock(&shared->mutex);
}

/* Tells the other parts, and the monitor, in which state the files are. */
static void
shared_report(struct shared_journal *shared)
{
	struct journal *disk = shared->disk, *own = &shared->parts[0].journal;

	shared_copy_closed(shared);
	atomic_store(&shared->newest_removed, disk->kind->newest_removed(disk));
	atomic_store(&shared->late, shared->in_flight.count && disk->kind->is_settled(disk));
	own->failures = disk->failures;
	memcpy(own->trouble, disk->trouble, sizeof(own->trouble));
}

static struct shared_journal *
shared_of(struct journal *journal)
{
	return ((struct journal_part *)journal)->shared;
}

static void
owner_commit(struct journal *journal)
{
	struct shared_journal *shared = shared_of(journal);

	shared_take(shared);
	shared->disk->kind->commit(shared->disk);
	shared_report(shared);
}

static bool
owner_settle(struct journal *journal)
{
	struct shared_journal *shared = shared_of(journal);
	struct letter *letter;
	bool answers;

	mailbox_close(&shared->inbox);
	while ((letter = mailbox_take(&shared->inbox)))
		shared_read_refuse((struct shared_read *)letter);
	shared_take(shared);
	answers = shared->disk->kind->settle(shared->disk);
	shared_report(shared);
	return answers;
}

/* ---- what it passes on to the disk ---- */

static void
owner_read_page(struct journal *journal, struct journal_page_read *read)
{
	struct journal *disk = shared_of(journal)->disk;

	disk->kind->read_page(disk, read);
}

static uint64_t
owner_message_count(struct journal *journal, struct chat_span channel)
{
	struct journal *disk = shared_of(journal)->disk;

	return disk->kind->message_count(disk, channel);
}

static void
owner_read_newest(struct journal *journal, struct journal_newest_read *read)
{
	struct journal *disk = shared_of(journal)->disk;

	disk->kind->read_newest(disk, read);
}

static uint64_t
owner_bytes(const struct journal *journal)
{
	const struct journal *disk = ((const struct journal_part *)journal)->shared->disk;

	return disk->kind->bytes(disk);
}

static size_t
owner_memory(const struct journal *journal)
{
	const struct shared_journal *shared = ((const struct journal_part *)journal)->shared;

	return shared->disk->kind->memory(shared->disk) +
		shared->in_flight.cap * sizeof(*shared->in_flight.at);
}

static void
owner_rotate(struct journal *journal)
{
	struct journal *disk = shared_of(journal)->disk;

	disk->kind->rotate(disk);
}

static enum journal_end
owner_close(struct journal *journal, bool in_use)
{
	struct shared_journal *shared = shared_of(journal);
	enum journal_end end = shared->disk->kind->close(shared->disk, in_use);

	if (end != JOURNAL_HUNG && !in_use) {
		mailbox_free(&shared->inbox);
		shared->disk = NULL;
	}
	return end;
}

const struct journal_kind shared_owner_kind = {
	.name = "owner",
	.next_number = shared_part_next_number,
	.append = shared_part_append,
	.commit = owner_commit,
	.settle = owner_settle,
	.is_settled = shared_part_is_settled,
	.read_page = owner_read_page,
	.message_count = owner_message_count,
	.read_newest = owner_read_newest,
	.newest_removed = shared_part_newest_removed,
	.newest_older_than = shared_part_newest_older_than,
	.bytes = owner_bytes,
	.memory = owner_memory,
	.rotate = owner_rotate,
	.close = owner_close,
};

/* ---- opening ---- */

/* The turn ends with a commit of part 0. */
static void
on_wake(uv_async_t *wake)
{
	(void)wake;
}

int
shared_journal_open(
	struct shared_journal *shared, const struct journal_options *options, struct chat_err *err)
{
	static const struct journal_events events = {
		.durable = on_durable, .failed = on_failed, .warn = on_warning};
	uv_loop_t *loop = shared->wake.data;

	shared->disk = disk_journal_open(options, loop, &events, shared, err);
	if (!shared->disk)
		return -1;
	shared->number = shared_journal_disk(shared)->recovered.last;
	uv_async_init(loop, &shared->wake, on_wake);
	mailbox_open(&shared->inbox, loop, shared_read_begin, shared);
	shared_report(shared);
	return 0;
}

struct disk_journal *
shared_journal_disk(const struct shared_journal *shared)
{
	return (struct disk_journal *)shared->disk;
}
