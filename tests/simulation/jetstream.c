/* The stream of a cluster, as its servers see it. */
#include "simulation/jetstream.h"

#include <stdlib.h>
#include <string.h>

#include "simulation/kernel.h"
#include "simulation/stranger.h"

#define WINDOW_NS (120 * SECOND) /* in which what is published again is dropped */

#define LOSSES_MOST 8

static struct {
	/* All that there ever were but the lost ones, in their order, of all streams. */
	struct stored **entries;
	size_t count, cap;
	size_t base; /* the number of those of streams that were deleted */
	uint64_t before; /* the number before that of the first one */
	uint64_t first;
	struct stored *lost; /* a list of all that were */
	struct {
		int64_t made_ms; /* of the stream */
		uint64_t first, last; /* numbers */
	} losses[LOSSES_MOST];
	unsigned loss_count;
	int64_t made_ms; /* of the newest stream */
	bool exists;
	int64_t begun_ms; /* Unix time at the beginning of the world */
	int64_t away_until_ns, clock_ms;
} stream;

void
jetstream_begin(void)
{
	memset(&stream, 0, sizeof(stream));
	stream.first = 1;
	stream.begun_ms = world_unix_ns() / MILLISECOND;
}

void
jetstream_count_from(uint64_t number)
{
	stream.first = number;
	stream.before = number - 1;
}

static void
free_stored(struct stored *stored)
{
	free((char *)stored->text.at);
	free(stored);
}

void
jetstream_end(void)
{
	shared_log_end();
	stranger_end();
	for (size_t i = 0; i < stream.count; i++)
		free_stored(stream.entries[i]);
	while (stream.lost) {
		struct stored *lost = stream.lost;

		stream.lost = lost->next_lost;
		free_stored(lost);
	}
	free(stream.entries);
	memset(&stream, 0, sizeof(stream));
}

/* The Unix time that the leader has. */
static int64_t
now_ms(void)
{
	return stream.begun_ms + world_now_ns() / MILLISECOND + stream.clock_ms;
}

void
jetstream_make(void)
{
	if (stream.exists)
		return;
	stream.made_ms = now_ms() > stream.made_ms ? now_ms() : stream.made_ms + 1;
	stream.exists = true;
}

int64_t
jetstream_made_ms(void)
{
	return stream.exists ? stream.made_ms : 0;
}

void
jetstream_delete(void)
{
	if (!stream.exists)
		return;
	world_trace("the stream is deleted");
	world_tally()->deletions++;
	stream.exists = false;
	stream.base = stream.count;
	stream.before = 0;
	stream.first = 1;
	shared_log_look();
}

uint64_t
jetstream_first(void)
{
	return stream.first;
}

uint64_t
jetstream_last(void)
{
	return stream.before + stream.count - stream.base;
}

const struct stored *
jetstream_entry(uint64_t number)
{
	return number > stream.before && number <= jetstream_last()
		? stream.entries[stream.base + number - stream.before - 1]
		: NULL;
}

bool
jetstream_has_leader(void)
{
	return world_now_ns() >= stream.away_until_ns;
}

/* ---- publishing ---- */

static struct chat_span
copy(struct chat_span span)
{
	char *bytes = malloc(span.len + 1);

	if (!bytes)
		abort();
	if (span.len)
		memcpy(bytes, span.at, span.len);
	return (struct chat_span){bytes, span.len};
}

static bool
was_stored(const struct stored *batch)
{
	for (size_t i = stream.count; i-- > stream.base;) {
		const struct stored *entry = stream.entries[i];

		if (world_now_ns() - entry->stored_ns > WINDOW_NS)
			break;
		if (entry->instance == batch->instance && entry->batch == batch->batch)
			return true;
	}
	return false;
}

static void
store(const struct stored *batch)
{
	struct stored *entry = calloc(1, sizeof(*entry));

	if (!entry)
		abort();
	if (stream.count == stream.cap) {
		stream.cap = stream.cap ? 2 * stream.cap : 256;
		stream.entries = realloc(stream.entries, stream.cap * sizeof(*stream.entries));
		if (!stream.entries)
			abort();
	}
	stream.entries[stream.count++] = entry;
	*entry = *batch;
	entry->number = jetstream_last();
	entry->stored_ns = world_now_ns();
	entry->time_ms = now_ms();
	entry->text = copy(batch->text);
	world_tally()->batches++;
	world_trace("entry %llu of the stream is batch %llu of %016llx",
		(unsigned long long)entry->number, (unsigned long long)entry->batch,
		(unsigned long long)entry->instance);
}

/* A server without room refuses a batch before it looks whether it has it. */
enum publication
jetstream_publish(const struct stored *batch)
{
	const struct faults *faults = world_faults();
	struct chance *chance = world_chance();

	if (!stream.exists)
		return PUBLICATION_AWAY;
	if (!jetstream_has_leader())
		return chance_below(chance, 2) ? PUBLICATION_AWAY : PUBLICATION_LOST;
	if (chance_hits(chance, faults->stream_lost))
		return PUBLICATION_LOST;
	if (chance_hits(chance, faults->stream_away))
		return PUBLICATION_AWAY;
	if (chance_hits(chance, faults->stream_refused))
		return PUBLICATION_REFUSED;
	if (batch->instance && was_stored(batch))
		world_tally()->batches_again++;
	else
		store(batch);
	return PUBLICATION_STORED;
}

/* ---- what befalls it ---- */

void
jetstream_change_leader(int64_t until_ns, int64_t clock_ms)
{
	stream.away_until_ns = until_ns;
	stream.clock_ms = clock_ms;
	world_tally()->leaders++;
	world_trace("the stream has no leader for %lld ms",
		(long long)((until_ns - world_now_ns()) / MILLISECOND));
}

void
jetstream_remove(uint64_t count)
{
	while (count-- && stream.first < jetstream_last())
		stream.first++;
	world_trace("the stream begins with entry %llu", (unsigned long long)stream.first);
}

void
jetstream_lose(uint64_t count)
{
	uint64_t last = jetstream_last(), at = last;

	if (stream.loss_count == LOSSES_MOST)
		return;
	for (; count && at >= stream.first; count--, at--) {
		struct stored *lost = stream.entries[--stream.count];

		lost->next_lost = stream.lost;
		stream.lost = lost;
	}
	if (at == last)
		return;
	stream.losses[stream.loss_count].made_ms = stream.made_ms;
	stream.losses[stream.loss_count].first = at + 1;
	stream.losses[stream.loss_count++].last = last;
	world_tally()->losses++;
	world_trace("the stream loses its entries from %llu to %llu", (unsigned long long)at + 1,
		(unsigned long long)last);
}

bool
jetstream_was_lost(int64_t made_ms, uint64_t number)
{
	for (unsigned i = 0; i < stream.loss_count; i++)
		if (stream.losses[i].made_ms == made_ms && number >= stream.losses[i].first &&
			number <= stream.losses[i].last)
			return true;
	return false;
}
