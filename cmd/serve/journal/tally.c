/* How much of each channel the closed segments hold. */
#include "serve/journal/tally.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/util/memory.h"

#define TRIM_PART 8 /* of the bytes, at once */

static void
number_raise(uint64_t *number, uint64_t to)
{
	if (*number < to)
		*number = to;
}

static size_t
tally_bytes(const struct tally *tally)
{
	return memory_cost(sizeof(*tally)) +
		(tally->runs_cap ? memory_cost(tally->runs_cap * sizeof(*tally->runs)) : 0);
}

struct tally *
tallies_find(const struct tallies *tallies, struct chat_span channel)
{
	struct tally *tally;

	HASH_FIND(hh, tallies->by_channel, channel.at, channel.len, tally);
	return tally;
}

static struct tally *
tally_new(struct tallies *tallies, struct chat_span channel)
{
	struct tally *tally = chat_alloc_zeroed(1, sizeof(*tally));

	tally->len = (uint32_t)channel.len;
	tally->gone = tallies->gone;
	tally->removed = tallies->removed;
	memcpy(tally->channel, channel.at, channel.len);
	HASH_ADD_KEYPTR(hh, tallies->by_channel, tally->channel, tally->len, tally);
	DL_APPEND(tallies->oldest, tally);
	tallies->bytes += tally_bytes(tally);
	return tally;
}

static void
tally_free(struct tallies *tallies, struct tally *tally)
{
	HASH_DEL(tallies->by_channel, tally);
	DL_DELETE(tallies->oldest, tally);
	tallies->bytes -= tally_bytes(tally);
	free(tally->runs);
	free(tally);
}

/* ---- runs ---- */

static void
runs_add(struct tallies *tallies, struct tally *tally, struct tally_run run)
{
	if (tally->runs_count == tally->runs_cap) {
		tallies->bytes -= tally_bytes(tally);
		tally->runs_cap = tally->runs_cap ? 2 * tally->runs_cap : 2;
		tally->runs = chat_realloc(tally->runs, tally->runs_cap * sizeof(*tally->runs));
		tallies->bytes += tally_bytes(tally);
	}
	tally->runs[tally->runs_count++] = run;
	tally->kept += run.count;
}

/* So many from one on. */
static void
runs_drop(struct tally *tally, uint32_t at, uint32_t count)
{
	for (uint32_t i = at; i < at + count; i++)
		tally->kept -= tally->runs[i].count;
	tally->runs_count -= count;
	memmove(&tally->runs[at], &tally->runs[at + count],
		(tally->runs_count - at) * sizeof(*tally->runs));
}

uint32_t
tally_look(const struct tallies *tallies, const struct tally *tally, uint64_t open, uint64_t *skip)
{
	uint64_t all = tally->kept + open;
	uint32_t hidden = 0;

	while (hidden < tally->runs_count && all - tally->runs[hidden].count >= tallies->most)
		all -= tally->runs[hidden++].count;
	*skip = all > tallies->most ? all - tallies->most : 0;
	return hidden;
}

uint64_t
tally_newer(const struct tally *tally, uint32_t segment)
{
	uint64_t newer = 0;

	for (uint32_t i = tally->runs_count; i-- && tally->runs[i].segment > segment;)
		newer += tally->runs[i].count;
	return newer;
}

/* ---- segments come and go ---- */

void
tallies_add(struct tallies *tallies, struct chat_span channel, uint32_t segment, uint32_t count,
	tally_held *held, void *arg)
{
	struct tally *tally = tallies_find(tallies, channel);
	uint32_t hidden;
	uint64_t skip;

	if (!count)
		return;
	if (!tally)
		tally = tally_new(tallies, channel);
	DL_DELETE(tallies->oldest, tally);
	DL_APPEND(tallies->oldest, tally);
	tally->count += count;
	tally->newest = segment;
	if (!tallies->most)
		return;
	runs_add(tallies, tally, (struct tally_run){segment, count});
	held(arg, segment, 1);
	hidden = tally_look(tallies, tally, 0, &skip);
	for (uint32_t i = 0; i < hidden; i++) {
		uint64_t last = held(arg, tally->runs[i].segment, -1);

		if (tallies->hides)
			number_raise(&tally->gone, last);
	}
	runs_drop(tally, 0, hidden);
}

/* Nothing of it is left: its tally is the first to go. */
static void
tally_expose(struct tallies *tallies, struct tally *tally)
{
	DL_DELETE(tallies->oldest, tally);
	DL_PREPEND(tallies->oldest, tally);
}

void
tallies_remove(struct tallies *tallies, struct chat_span channel, struct tally_run run,
	uint64_t last, tally_held *held, void *arg)
{
	struct tally *tally = tallies_find(tallies, channel);
	uint32_t i = 0;

	if (!tally) {
		number_raise(&tallies->gone, last);
		number_raise(&tallies->removed, last);
		return;
	}
	number_raise(&tally->gone, last);
	number_raise(&tally->removed, last);
	while (i < tally->runs_count && tally->runs[i].segment != run.segment)
		i++;
	if (i < tally->runs_count) {
		held(arg, run.segment, -1);
		runs_drop(tally, i, 1);
	}
	tally->count -= run.count < tally->count ? run.count : tally->count;
	if (!tally->count)
		tally_expose(tallies, tally);
}

void
tallies_note_removed(struct tallies *tallies, struct chat_span channel, uint64_t number)
{
	struct tally *tally = tallies_find(tallies, channel);

	if (!tally)
		tally = tally_new(tallies, channel);
	number_raise(&tally->gone, number);
	number_raise(&tally->removed, number);
	if (!tally->count)
		tally_expose(tallies, tally);
}

void
tallies_note_others(struct tallies *tallies, uint64_t number)
{
	number_raise(&tallies->gone, number);
	number_raise(&tallies->removed, number);
	for (struct tally *tally = tallies->oldest; tally; tally = tally->next) {
		number_raise(&tally->gone, number);
		number_raise(&tally->removed, number);
	}
}

bool
tallies_trim(struct tallies *tallies)
{
	bool some = tallies->bytes > TALLIES_BYTES;

	if (!some)
		return false;
	while (tallies->bytes > TALLIES_BYTES - TALLIES_BYTES / TRIM_PART) {
		struct tally *tally = tallies->oldest;

		tallies->forgot = tallies->forgot || tally->count;
		number_raise(&tallies->gone, tally->gone);
		number_raise(&tallies->removed, tally->removed);
		tally_free(tallies, tally);
	}
	return true;
}

void
tallies_free(struct tallies *tallies)
{
	while (tallies->oldest)
		tally_free(tallies, tallies->oldest);
}
