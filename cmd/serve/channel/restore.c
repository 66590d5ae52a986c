/*
 * Restores the memory of the channels from the journal, at the start. restore_select.c selects
 * lines; this file reads them, each segment once, beginning with the oldest; then restore_nonces.c
 * reads the nonces.
 */
#include "serve/channel/restore.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/channel/restore_private.h"
#include "serve/journal/max_messages.h"
#include "serve/journal/read_lines.h"
#include "serve/journal/recovery_index.h"
#include "text/buf.h"
#include "text/err.h"

/* ---- reading ---- */

/* The argument of on_line for one segment. */
struct segment_reading {
	const struct selected_segment *segment;
	const struct position *positions; /* of the lines of the segment, in the same order */
	struct chat_err err; /* the error of on_line or of reading */
};

static int
compare_lines(const void *a, const void *b)
{
	const struct selected_line *one = a, *other = b;

	return one->position.at < other->position.at ? -1 : one->position.at > other->position.at;
}

/* Adds a line of the journal to the history of its channel. Returns 0, or -1 with reading->err. */
static int
on_line(void *arg, const struct position *position, struct chat_span text)
{
	struct segment_reading *reading = arg;
	const struct selected_segment *segment = reading->segment;
	struct channel *channel = segment->lines[position - reading->positions].of->channel;
	struct journal_line line;
	struct history_entry entry;

	if (!journal_line_read(&line, text) || line.number != segment->base + position->number ||
		!chat_span_equal(line.channel, channel_name(channel)))
		return chat_fail(&reading->err, CHAT_BAD_MESSAGE,
			"its index leads to lines that are others; remove it");
	entry = (struct history_entry){
		.block = block_of_frame(CHAT_WS_TEXT, text),
		.data_at = line.data_at,
		.data_len = line.data_len,
		.number = line.number,
	};
	channel_history_add(channel, &entry);
	block_unref(entry.block);
	return 0;
}

/*
 * Called if a line is not as it was written. Scans the segment for an error with the details.
 * Always returns -1.
 */
static int
fail_damaged(struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	struct index_file index;

	if (recovery_index_open(disk, number, true, &index, err) < 0)
		return -1;
	index_file_close(&index);
	return chat_fail(err, CHAT_IO_ERROR, "segment %u cannot be read as it was written", number);
}

/*
 * Reads the selected lines of the segment. *bad gets the position of a damaged line, or NULL.
 * Returns 0, or -1.
 */
static int
lines_restore(
	struct segment_reading *reading, struct disk_journal *disk, const struct position **bad)
{
	const struct selected_segment *segment = reading->segment;
	int result,
		fd = segment_file_open(
			disk->dir_fd, segment->number, SEGMENT_LINES, O_RDONLY, &reading->err);

	*bad = NULL;
	if (fd < 0)
		return -1;
	result = lines_read(
		fd, reading->positions, segment->count, on_line, reading, bad, &reading->err);
	close(fd);
	return result;
}

static int
segment_restore(struct selected_segment *segment, struct disk_journal *disk, struct chat_err *err)
{
	struct segment_reading reading = {.segment = segment};
	struct position *positions;
	const struct position *bad;
	char name[SEGMENT_NAME_MAX];
	int result;

	if (!segment->count)
		return 0;
	positions = chat_alloc(segment->count * sizeof(*positions));
	qsort(segment->lines, segment->count, sizeof(*segment->lines), compare_lines);
	for (size_t i = 0; i < segment->count; i++)
		positions[i] = segment->lines[i].position;
	reading.positions = positions;
	result = lines_restore(&reading, disk, &bad);
	free(positions);
	if (bad)
		return fail_damaged(disk, segment->number, err);
	if (result < 0)
		chat_fail(err, reading.err.code, "%s/%s: %s", disk->options.dir,
			segment_name(name, segment->number, SEGMENT_LINES), reading.err.text);
	return result;
}

/* ---- what is in the journal alone ---- */

/*
 * Returns the value for history.dropped: the channel has all messages with higher numbers
 * in memory. Readers that need others are answered from the journal.
 */
static uint64_t
newest_not_restored(const struct restored_channel *of, const struct disk_journal *disk)
{
	const struct chat_span name = {of->name, of->len};
	const struct channel_positions *active = index_find(&disk->segments.active->index, name);
	uint32_t newest;
	uint64_t total = (active ? active->count : 0) + closed_message_count(disk, name, &newest);

	if (!of->selected)
		return total ? disk->recovered.last : disk->removals.newest;
	if (of->selected < total && of->oldest - 1 > disk->removals.newest)
		return of->oldest - 1;
	/*
	 * All messages were selected, or the newest removed one is newer than those that were not.
	 * Messages up to the newest removed one may be missing, but only those before `oldest`.
	 */
	return of->oldest <= disk->removals.newest ? of->oldest - 1 : disk->removals.newest;
}

/*
 * Orders channels by their newest messages, the oldest first. Channels with older messages count as
 * idle for longer.
 */
static int
compare_channels(const struct restored_channel *one, const struct restored_channel *other)
{
	uint64_t a = one->channel ? channel_newest_number(one->channel) : 0;
	uint64_t b = other->channel ? channel_newest_number(other->channel) : 0;

	return a < b ? -1 : a > b;
}

/*
 * Records for each channel which messages it does not have in memory. Makes the channels idle, and
 * frees those without messages in memory.
 */
static void
channels_note_dropped(struct selection *selection)
{
	const struct disk_journal *disk = selection->disk;
	const struct restored_channel *of;

	HASH_SORT(selection->restored, compare_channels);
	for (of = selection->restored; of; of = of->hh.next) {
		struct channel *channel = of->channel;
		uint64_t dropped = newest_not_restored(of, disk);

		if (!channel)
			continue;
		if (channel->history.dropped < dropped)
			channel->history.dropped = dropped;
		channel->gap = removed_upto(disk, channel_name(channel));
		channel_release(channel);
	}
	for (size_t i = 0; i < selection->sets->loops; i++) {
		selection->sets->at[i]->freed.dropped = disk->recovered.last;
		selection->sets->at[i]->gap = disk->removals.unknown;
	}
}

/* ---- all of it ---- */

static int
restore_histories(const struct restored_sets *sets, struct disk_journal *disk, struct chat_err *err)
{
	struct selection selection = {.sets = sets, .limits = &sets->at[0]->limits, .disk = disk};
	int result = selection_make(&selection, err);

	for (size_t i = selection.count; i-- && result == 0;)
		result = segment_restore(&selection.segments[i], disk, err);
	if (result == 0)
		channels_note_dropped(&selection);
	selection_free(&selection);
	return result;
}

/* Sets what follows from the journal as a whole. */
static void
channels_begin(struct channels *channels, const struct disk_journal *disk)
{
	channels->epoch = disk->epoch;
	channels->sequence = disk->recovered.last;
	channels->freed.timestamp_ms = disk->recovered.timestamp_ms;
	epochs_copy(&channels->epochs, &disk->recovered.epochs);
}

int
channels_restore(
	struct channels *const *sets, size_t loops, struct disk_journal *disk, struct chat_err *err)
{
	const struct restored_sets all = {sets, loops};

	for (size_t i = 0; i < loops; i++)
		channels_begin(sets[i], disk);
	if (disk->recovered.timestamp_ms - clock_unix_ms(sets[0]->clock) > CLOCK_AHEAD_MS)
		journal_warn(&disk->journal,
			"its last timestamp is more than a day ahead of the clock, which is "
			"believed");
	epochs_free(&disk->recovered.epochs);
	if (restore_histories(&all, disk, err) < 0)
		return -1;
	return restore_nonces(&all, disk, err);
}
