/*
 * From the journal to the memory of the channels, at the start. First the indexes say which lines
 * are wanted, from the newest segment back; then those are read, from the oldest on, each segment
 * once.
 */
#include "serve/channel/restore.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/channel/post.h"
#include "serve/journal/scan.h"

/* A channel of the journal. */
struct restored {
	UT_hash_handle hh;
	struct channel *channel; /* NULL: there are too many */
	uint32_t chosen; /* lines of it */
	uint64_t oldest; /* number of the oldest of them */
	uint32_t len;
	char name[CHAT_CHANNEL_MAX + 1];
};

struct wanted {
	struct position position;
	struct restored *of;
};

/* The lines wanted of one segment. */
struct wanted_segment {
	uint32_t number;
	uint64_t base;
	struct wanted *at;
	size_t count, cap;
};

struct restore {
	struct channels *channels;
	struct disk_journal *disk;
	struct restored *restored;
	struct wanted_segment *segments; /* newest first */
	size_t count;
	uint32_t keep; /* messages of a channel, at most */
	size_t bytes; /* chosen so far */
	struct wanted *reading; /* of the segment at hand, in the order of its file */
	const struct position *positions;
	uint64_t base; /* of that segment */
	struct chat_err *err; /* of that reading */
	int64_t cutoff_ms; /* Unix time; nonces of messages before it are forgotten */
};

/* ---- choosing ---- */

static struct restored *
restored_find(struct restore *restore, struct chat_span name)
{
	const struct claimant nobody = {.key = 0};
	struct restored *of;

	HASH_FIND(hh, restore->restored, name.at, name.len, of);
	if (of)
		return of;
	of = chat_alloc_zeroed(1, sizeof(*of));
	of->len = (uint32_t)name.len;
	memcpy(of->name, name.at, name.len);
	of->channel = channels_find(restore->channels, name, &nobody, NULL);
	HASH_ADD_KEYPTR(hh, restore->restored, of->name, of->len, of);
	return of;
}

static void
want(struct wanted_segment *segment, struct restored *of, const struct position *position)
{
	if (segment->count == segment->cap) {
		segment->cap = segment->cap ? 2 * segment->cap : 256;
		segment->at = chat_realloc(segment->at, segment->cap * sizeof(*segment->at));
	}
	segment->at[segment->count++] = (struct wanted){*position, of};
}

/* The newest lines of a channel in a segment, as many as it still lacks; places: its last
 * `count`. */
static void
choose(struct restore *restore, struct wanted_segment *segment, uint64_t base, struct restored *of,
	const struct position *positions, uint32_t count)
{
	const struct channels_limits *limits = &restore->channels->limits;

	while (of->channel && count-- && of->chosen < restore->keep) {
		size_t size = positions[count].len + 10; /* with the frame's header */

		if (restore->bytes + size > limits->history_bytes)
			return;
		restore->bytes += size;
		of->chosen++;
		of->oldest = base + positions[count].number;
		want(segment, of, &positions[count]);
	}
}

static void
choose_growing(struct restore *restore, struct wanted_segment *segment)
{
	const struct journal_index *index = &restore->disk->active->index;

	segment->number = restore->disk->active->number;
	segment->base = index->base;
	for (struct channel_positions *positions = index->channels; positions;
		positions = positions->hh.next)
		choose(restore, segment, index->base,
			restored_find(
				restore, (struct chat_span){positions->channel, positions->len}),
			positions->at, positions->count);
}

/* An index is believed once all of it was compared with its checksums. */
static int
index_open_whole(
	struct disk_journal *disk, uint32_t number, struct index_file *index, struct chat_err *err)
{
	if (recovery_index_open(disk, number, false, index, err) < 0)
		return -1;
	if (index_file_is_whole(index))
		return 0;
	index_file_close(index);
	return recovery_index_open(disk, number, true, index, err);
}

/* As many of a channel's last places as it still lacks. */
static int
choose_channel(struct restore *restore, struct wanted_segment *segment, struct index_file *index,
	const struct index_channel *channel, struct chat_err *err)
{
	struct restored *restored = restored_find(restore, chat_span_of(channel->name));
	uint32_t lacks = restore->keep - restored->chosen;
	uint32_t count = channel->count < lacks ? channel->count : lacks;
	struct position *positions = chat_alloc((count + 1) * sizeof(*positions));
	int result = index_file_read(
		index, channel->first + channel->count - count, count, positions, err);

	if (result == 0)
		choose(restore, segment, index->head.base, restored, positions, count);
	free(positions);
	return result;
}

static int
choose_closed(struct restore *restore, struct wanted_segment *segment, uint32_t number,
	struct chat_err *err)
{
	struct index_file index;
	int result = 0;

	segment->number = number;
	if (index_open_whole(restore->disk, number, &index, err) < 0)
		return -1;
	segment->base = index.head.base;
	for (uint32_t i = 0; i < index.head.channels && result == 0; i++)
		result = choose_channel(restore, segment, &index, &index.channels[i], err);
	index_file_close(&index);
	return result;
}

/* Whether every channel has all the history it may have, so that older segments can add nothing. */
static bool
choice_is_full(const struct restore *restore)
{
	const struct channels_limits *limits = &restore->channels->limits;
	const struct channel_stats *stats;

	if (restore->bytes + 4096 > limits->history_bytes || restore->keep == 0)
		return true;
	for (stats = restore->disk->stats.by_channel; stats; stats = stats->hh.next) {
		const struct restored *of;

		HASH_FIND(hh, restore->restored, stats->channel, stats->len, of);
		if (!of || (of->channel && of->chosen < restore->keep))
			return false;
	}
	return true;
}

/* Where the memory does not hold what all channels may keep, each gets its share. */
static uint32_t
fair_share(const struct restore *restore)
{
	const struct channels_limits *limits = &restore->channels->limits;
	const struct disk_journal *disk = restore->disk;
	uint64_t bytes = disk->active->lines_bytes, lines = disk->active->index.count, holder;
	uint64_t channels = HASH_COUNT(disk->active->index.channels);

	for (size_t i = 0; i < disk->closed_count; i++)
		bytes += disk->closed[i].bytes;
	for (const struct channel_stats *stats = disk->stats.by_channel; stats;
		stats = stats->hh.next)
		lines += stats->count;
	if (channels < HASH_COUNT(disk->stats.by_channel))
		channels = HASH_COUNT(disk->stats.by_channel);
	if (bytes <= limits->history_bytes || !lines || !channels)
		return limits->history_keep;
	holder = limits->history_bytes / (bytes / lines + 1) / channels;
	return holder < limits->history_keep ? (uint32_t)holder : limits->history_keep;
}

static int
restore_choose(struct restore *restore, struct chat_err *err)
{
	const struct disk_journal *disk = restore->disk;

	restore->keep = fair_share(restore);
	restore->segments = chat_alloc_zeroed(1 + disk->closed_count, sizeof(*restore->segments));
	choose_growing(restore, &restore->segments[restore->count++]);
	for (size_t i = disk->closed_count; i-- && !choice_is_full(restore);)
		if (choose_closed(restore, &restore->segments[restore->count++],
			    disk->closed[i].number, err) < 0)
			return -1;
	return 0;
}

/* ---- reading ---- */

static int
by_offset(const void *a, const void *b)
{
	uint32_t x = ((const struct wanted *)a)->position.at,
		 y = ((const struct wanted *)b)->position.at;

	return x < y ? -1 : x > y;
}

static int
take_line(void *arg, const struct position *position, struct chat_span text)
{
	struct restore *restore = arg;
	struct channel *channel = restore->reading[position - restore->positions].of->channel;
	struct journal_line line;
	struct history_entry entry;

	if (!journal_line_read(&line, text) || line.number != restore->base + position->number ||
		!chat_span_equal(line.channel, channel_name(channel)))
		return chat_fail(restore->err, CHAT_BAD_MESSAGE,
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

/* A line is damaged: the scan says which. */
static int
fail_damaged(struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	struct index_file index;

	if (recovery_index_open(disk, number, true, &index, err) < 0)
		return -1;
	index_file_close(&index);
	return chat_fail(err, CHAT_IO_ERROR, "segment %u cannot be read as it was written", number);
}

static int
read_wanted(struct restore *restore, const struct wanted_segment *segment, struct chat_err *err)
{
	struct position *positions;
	const struct position *bad = NULL;
	struct chat_err why = {0};
	char name[SEGMENT_NAME_MAX];
	int fd, result = -1;

	if (!segment->count)
		return 0;
	positions = chat_alloc(segment->count * sizeof(*positions));
	qsort(segment->at, segment->count, sizeof(*segment->at), by_offset);
	for (size_t i = 0; i < segment->count; i++)
		positions[i] = segment->at[i].position;
	restore->reading = segment->at;
	restore->positions = positions;
	restore->base = segment->base;
	restore->err = &why;
	fd = segment_file_open(
		restore->disk->dir_fd, segment->number, SEGMENT_LINES, O_RDONLY, &why);
	if (fd >= 0) {
		result = lines_read(fd, positions, segment->count, take_line, restore, &bad, &why);
		close(fd);
	}
	free(positions);
	if (bad)
		return fail_damaged(restore->disk, segment->number, err);
	if (result < 0)
		chat_fail(err, why.code, "%s/%s: %s", restore->disk->options.dir,
			segment_name(name, segment->number, SEGMENT_LINES), why.text);
	return result;
}

/* By the last message: whose is older is idle for longer. */
static int
compare_channels(const struct restored *one, const struct restored *other)
{
	uint64_t a = one->channel ? channel_newest_number(one->channel) : 0;
	uint64_t b = other->channel ? channel_newest_number(other->channel) : 0;

	return a < b ? -1 : a > b;
}

/* What a channel does not remember is answered from the journal. */
static void
note_forgotten(struct restore *restore)
{
	const struct restored *of;
	uint32_t newest;

	HASH_SORT(restore->restored, compare_channels);
	for (of = restore->restored; of; of = of->hh.next) {
		uint64_t total, forgotten = restore->disk->removed;
		const struct channel_positions *growing = index_find(
			&restore->disk->active->index, (struct chat_span){of->name, of->len});

		total = (growing ? growing->count : 0) +
			closed_message_count(
				restore->disk, (struct chat_span){of->name, of->len}, &newest);
		if (!of->channel)
			continue;
		if (!of->chosen && total)
			forgotten = restore->disk->last;
		else if (of->chosen < total && of->oldest - 1 > forgotten)
			forgotten = of->oldest - 1;
		else if (of->chosen && of->oldest <= forgotten)
			forgotten = of->oldest - 1; /* older than what was removed */
		if (of->channel->history.dropped < forgotten)
			of->channel->history.dropped = forgotten;
		of->channel->gap =
			removed_upto_of(restore->disk, (struct chat_span){of->name, of->len});
		channel_release(of->channel);
	}
	restore->channels->freed.dropped = restore->disk->last;
	restore->channels->gap = restore->disk->gone;
}

/* ---- nonces ---- */

/* Its frame: in the history, where the channel remembers it. */
static struct block *
nonce_frame(const struct channel *channel, uint64_t number, struct chat_span text, uint32_t *at)
{
	uint32_t i = channel ? history_after(&channel->history, number - 1) : 0;
	const struct history_entry *entry;

	if (channel && i < channel->history.count) {
		entry = history_at(&channel->history, i);
		*at = entry->at;
		if (entry->number == number)
			return block_ref(entry->block);
	}
	*at = 0;
	return block_of_frame(CHAT_WS_TEXT, text);
}

/* Its user answers for it: where that one said it from is not in the journal. */
static void
note_nonce(struct restore *restore, const struct journal_line *line, struct chat_span text)
{
	struct nonces *nonces = &restore->channels->nonces;
	struct clock *clock = restore->channels->clock;
	struct chat_msg msg;
	struct channel_post post;
	struct nonce_key key;
	struct nonce *nonce;
	struct block *block;
	struct channel *channel;
	int64_t age_ms;
	uint32_t at;

	if (chat_msg_read(&msg, text, CHAT_FROM_SERVER, NULL) < 0 ||
		line->sender_id.len > NONCE_ID_MAX || line->channel.len > CHAT_CHANNEL_MAX)
		return;
	channel_post_fill(&post, &msg);
	key = nonce_key(line->channel, line->sender_id, post.nonce);
	if (!post.nonce_json.len || nonces_find(nonces, key))
		return;
	nonce = nonces_add(nonces, key,
		&(struct nonce_message){
			.owner = chat_hash(line->sender_id.at, line->sender_id.len),
			.digest = channel_post_digest(&post),
		});
	HASH_FIND(hh, restore->channels->by_name, line->channel.at, line->channel.len, channel);
	block = nonce_frame(channel, line->number, text, &at);
	age_ms = clock_unix_ms(clock) - line->timestamp_ms;
	nonces_publish(nonces, nonce, block, at, clock_now_ms(clock) - (age_ms > 0 ? age_ms : 0));
	block_unref(block);
}

static void
see_line(void *arg, struct chat_span text, enum scan_verdict verdict)
{
	struct restore *restore = arg;
	struct journal_line line;

	if (verdict == SCAN_GOOD && journal_line_read(&line, text) && line.nonce_json.len &&
		line.timestamp_ms >= restore->cutoff_ms)
		note_nonce(restore, &line, text);
}

static int
restore_nonces_of(struct restore *restore, uint32_t number, struct chat_err *err)
{
	struct scan scan;

	if (segment_scan(&scan, restore->disk->dir_fd, number, see_line, restore, err) < 0)
		return -1;
	scan_free(&scan);
	return 0;
}

/* The messages of the last minutes, as far back as their nonces may be remembered. */
static int
restore_nonces(struct restore *restore, struct chat_err *err)
{
	const struct disk_journal *disk = restore->disk;
	const struct nonces *nonces = &restore->channels->nonces;
	uint64_t bytes = disk->active->lines_bytes;
	size_t first = disk->closed_count;

	restore->cutoff_ms = clock_unix_ms(restore->channels->clock) - nonces->keep_ms;
	while (first && bytes < nonces->most_bytes &&
		disk->closed[first - 1].timestamp_ms >= restore->cutoff_ms)
		bytes += disk->closed[--first].bytes;
	for (; first < disk->closed_count; first++)
		if (restore_nonces_of(restore, disk->closed[first].number, err) < 0)
			return -1;
	if (disk->active->index.timestamp_ms < restore->cutoff_ms)
		return 0;
	return restore_nonces_of(restore, disk->active->number, err);
}

/* ---- all of it ---- */

static void
restore_free(struct restore *restore)
{
	struct restored *of, *next;

	for (size_t i = 0; i < restore->count; i++)
		free(restore->segments[i].at);
	free(restore->segments);
	HASH_ITER(hh, restore->restored, of, next)
	{
		HASH_DEL(restore->restored, of);
		free(of);
	}
}

int
channels_restore(struct channels *channels, struct disk_journal *disk, struct chat_err *err)
{
	struct restore restore = {.channels = channels, .disk = disk};
	int result;

	channels->epoch = disk->epoch;
	channels->sequence = disk->last;
	channels->freed.timestamp_ms = disk->timestamp_ms;
	if (disk->timestamp_ms - clock_unix_ms(channels->clock) > CLOCK_AHEAD_MS)
		journal_warn(&disk->journal,
			"its last timestamp is more than a day ahead of the clock, which is "
			"believed");
	channels->epochs = disk->epochs;
	disk->epochs = (struct epochs){0};
	result = restore_choose(&restore, err);
	for (size_t i = restore.count; i-- && result == 0;)
		result = read_wanted(&restore, &restore.segments[i], err);
	if (result == 0) {
		note_forgotten(&restore);
		result = restore_nonces(&restore, err);
	}
	restore_free(&restore);
	return result;
}
