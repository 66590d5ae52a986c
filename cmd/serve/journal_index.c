/*
 * What makes reading a channel's past cost as much as is read, however large the journal is.
 */
#include "serve/journal_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "line.h"
#include "serve/crc32c.h"

static const char magic[8] = "chatidx1";

/* ---- epochs ---- */

void
epochs_free(struct epochs *epochs)
{
	free(epochs->at);
	*epochs = (struct epochs){0};
}

void
epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number)
{
	if (epochs->count && epochs->at[epochs->count - 1].epoch == epoch) {
		epochs->at[epochs->count - 1].last = number;
		return;
	}
	if (epochs->count == epochs->cap) {
		epochs->cap = epochs->cap ? 2 * epochs->cap : 4;
		epochs->at = chat_realloc(epochs->at, epochs->cap * sizeof(*epochs->at));
	}
	epochs->at[epochs->count++] = (struct epoch){epoch, number};
}

uint64_t
epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known)
{
	uint32_t low = 0, high = epochs->count;

	*known = false;
	while (low < high) { /* the first that is newer */
		uint32_t middle = low + (high - low) / 2;

		if (epochs->at[middle].epoch > epoch)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return 0;
	if (epochs->at[low - 1].epoch != epoch || number > epochs->at[low - 1].last)
		return epochs->at[low - 1].last;
	*known = true;
	return number;
}

static void
epochs_cut(struct epochs *epochs, uint64_t last)
{
	while (epochs->count > 1 && epochs->at[epochs->count - 2].last >= last)
		epochs->count--;
	if (epochs->count && epochs->at[epochs->count - 1].last > last)
		epochs->at[epochs->count - 1].last = last;
}

/* ---- in memory ---- */

void
index_free(struct journal_index *index)
{
	struct channel_places *channel, *next;

	HASH_ITER(hh, index->channels, channel, next)
	{
		HASH_DEL(index->channels, channel);
		free(channel->at);
		free(channel);
	}
	epochs_free(&index->epochs);
}

static struct channel_places *
index_channel(struct journal_index *index, struct chat_span name)
{
	struct channel_places *channel;

	HASH_FIND(hh, index->channels, name.at, name.len, channel);
	if (channel)
		return channel;
	channel = chat_alloc_zeroed(1, sizeof(*channel));
	channel->len = (uint32_t)name.len;
	memcpy(channel->channel, name.at, name.len);
	HASH_ADD_KEYPTR(hh, index->channels, channel->channel, channel->len, channel);
	return channel;
}

void
index_add(struct journal_index *index, const struct journal_line *line, struct place place)
{
	struct channel_places *channel = index_channel(index, line->channel);

	if (channel->count == channel->cap) {
		channel->cap = channel->cap ? 2 * channel->cap : 8;
		channel->at = chat_realloc(channel->at, channel->cap * sizeof(*channel->at));
	}
	if (!index->count)
		index->base = line->number - 1;
	place.number = (uint32_t)(line->number - index->base);
	channel->at[channel->count++] = place;
	index->count++;
	index->last = line->number;
	if (index->timestamp_ms < line->timestamp_ms)
		index->timestamp_ms = line->timestamp_ms;
	epochs_note(&index->epochs, line->epoch, line->number);
}

void
index_cut(struct journal_index *index, uint64_t at)
{
	struct channel_places *channel, *next;

	index->last = index->base;
	HASH_ITER(hh, index->channels, channel, next)
	{
		while (channel->count && channel->at[channel->count - 1].at >= at) {
			channel->count--;
			index->count--;
		}
		if (channel->count &&
			index->last < index->base + channel->at[channel->count - 1].number)
			index->last = index->base + channel->at[channel->count - 1].number;
	}
	epochs_cut(&index->epochs, index->last);
}

const struct channel_places *
index_find(const struct journal_index *index, struct chat_span name)
{
	struct channel_places *channel;

	HASH_FIND(hh, index->channels, name.at, name.len, channel);
	return channel && channel->count ? channel : NULL;
}

/* ---- writing ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct channel_places *const *)a)->channel,
		(*(struct channel_places *const *)b)->channel);
}

/* Appends the channels to buf and their places to places, in the order of their names. */
static uint32_t
index_list(const struct journal_index *index, struct chat_buf *buf, struct chat_buf *places)
{
	uint32_t count = 0, first = 0;
	struct channel_places **all =
		chat_alloc((HASH_COUNT(index->channels) + 1) * sizeof(struct channel_places *));
	struct channel_places *channel;

	for (channel = index->channels; channel; channel = channel->hh.next)
		if (channel->count)
			all[count++] = channel;
	qsort(all, count, sizeof(*all), by_name);
	for (uint32_t i = 0; i < count; i++) {
		struct index_channel entry = {.first = first, .count = all[i]->count};

		memcpy(entry.name, all[i]->channel, all[i]->len);
		chat_buf_append(buf, &entry, sizeof(entry));
		chat_buf_append(places, all[i]->at, all[i]->count * sizeof(*all[i]->at));
		first += all[i]->count;
	}
	free(all);
	return count;
}

/* The whole file in memory. */
static void
index_format(const struct journal_index *index, uint64_t lines_bytes, struct chat_buf *buf)
{
	struct index_head head = {
		.base = index->base,
		.last = index->last,
		.timestamp_ms = index->timestamp_ms,
		.lines_bytes = lines_bytes,
		.epochs = index->epochs.count,
		.places = index->count,
	};
	struct chat_buf places = {0};

	memcpy(head.magic, magic, sizeof(head.magic));
	chat_buf_append(buf, &head, sizeof(head));
	if (index->epochs.count)
		chat_buf_append(
			buf, index->epochs.at, index->epochs.count * sizeof(*index->epochs.at));
	head.channels = index_list(index, buf, &places);
	head.places_crc = crc32c(0, places.at, places.len);
	memcpy(buf->at, &head, sizeof(head));
	head.head_crc = crc32c(0, buf->at, buf->len);
	memcpy(buf->at, &head, sizeof(head));
	if (places.len)
		chat_buf_append_span(buf, chat_buf_span(&places));
	chat_buf_free(&places);
}

int
index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err)
{
	struct chat_buf buf = {0};
	char temporary[64];
	int fd, result;

	snprintf(temporary, sizeof(temporary), "%s.new", name);
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %m", temporary);
	index_format(index, lines_bytes, &buf);
	result = chat_write_all(fd, buf.at, buf.len, err);
	chat_buf_free(&buf);
	close(fd);
	if (result == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	if (result < 0)
		unlinkat(dir_fd, temporary, 0);
	return result;
}

/* ---- reading ---- */

/* pread(2) all of it. */
static int
read_at(int fd, void *bytes, size_t len, uint64_t at, struct chat_err *err)
{
	char *to = bytes;

	while (len) {
		ssize_t count = pread(fd, to, len, (off_t)at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return chat_fail(err, CHAT_IO_ERROR, "an index cannot be read: %m");
		if (count == 0)
			return chat_fail(err, CHAT_IO_ERROR, "an index is too short");
		to += count;
		at += (uint64_t)count;
		len -= (size_t)count;
	}
	return 0;
}

static uint64_t
places_at(const struct index_head *head)
{
	return sizeof(*head) + (uint64_t)head->epochs * sizeof(struct epoch) +
		(uint64_t)head->channels * sizeof(struct index_channel);
}

/* The counts are believed only where the file is as long as they say. */
static bool
head_is_sane(const struct index_file *file)
{
	const struct index_head *head = &file->head;
	struct stat status;

	return memcmp(head->magic, magic, sizeof(magic)) == 0 && head->last >= head->base &&
		fstat(file->fd, &status) == 0 &&
		(uint64_t)status.st_size ==
		places_at(head) + (uint64_t)head->places * sizeof(struct place);
}

static bool
channels_are_sane(const struct index_file *file)
{
	for (uint32_t i = 0; i < file->head.channels; i++) {
		const struct index_channel *channel = &file->channels[i];

		if (channel->name[sizeof(channel->name) - 1] != '\0' ||
			(uint64_t)channel->first + channel->count > file->head.places)
			return false;
	}
	return true;
}

static int
index_file_load(struct index_file *file, struct chat_err *err)
{
	struct index_head head;
	size_t epochs, channels;
	uint32_t crc;

	if (read_at(file->fd, &file->head, sizeof(file->head), 0, err) < 0)
		return -1;
	if (!head_is_sane(file))
		return chat_fail(err, CHAT_BAD_MESSAGE, "an index is damaged");
	epochs = file->head.epochs * sizeof(*file->epochs);
	channels = file->head.channels * sizeof(*file->channels);
	file->epochs = chat_alloc(epochs + 1);
	file->channels = chat_alloc(channels + 1);
	if (read_at(file->fd, file->epochs, epochs, sizeof(head), err) < 0 ||
		read_at(file->fd, file->channels, channels, sizeof(head) + epochs, err) < 0)
		return -1;
	head = file->head;
	head.head_crc = 0;
	crc = crc32c(0, &head, sizeof(head));
	crc = crc32c(crc, file->epochs, epochs);
	if (crc32c(crc, file->channels, channels) != file->head.head_crc ||
		!channels_are_sane(file))
		return chat_fail(err, CHAT_BAD_MESSAGE, "an index is damaged");
	return 0;
}

int
index_file_open(struct index_file *file, int dir_fd, const char *name, struct chat_err *err)
{
	*file = (struct index_file){.fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC)};
	if (file->fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", name);
	if (index_file_load(file, err) == 0)
		return 0;
	index_file_close(file);
	return -1;
}

void
index_file_close(struct index_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->epochs);
	free(file->channels);
	*file = (struct index_file){.fd = -1};
}

const struct index_channel *
index_file_find(const struct index_file *file, struct chat_span name)
{
	uint32_t low = 0, high = file->head.channels;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct index_channel *channel = &file->channels[middle];
		int order = strncmp(name.at, channel->name, name.len);

		if (order == 0 && channel->name[name.len] == '\0')
			return channel;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int
index_file_read(const struct index_file *file, uint32_t first, uint32_t count, struct place *places,
	struct chat_err *err)
{
	return read_at(file->fd, places, count * sizeof(*places),
		places_at(&file->head) + first * (uint64_t)sizeof(*places), err);
}

bool
index_file_is_whole(const struct index_file *file)
{
	struct place places[4096];
	uint32_t crc = 0, first = 0;

	while (first < file->head.places) {
		uint32_t count = file->head.places - first;

		if (count > sizeof(places) / sizeof(*places))
			count = sizeof(places) / sizeof(*places);
		if (index_file_read(file, first, count, places, NULL) < 0)
			return false;
		crc = crc32c(crc, places, count * sizeof(*places));
		first += count;
	}
	return crc == file->head.places_crc;
}

bool
index_file_is_of(const struct index_file *file, const struct journal_index *index)
{
	struct chat_buf buf = {0};
	bool same;

	index_format(index, file->head.lines_bytes, &buf);
	same = memcmp(buf.at, &file->head, sizeof(file->head)) == 0; /* its checksums are in it */
	chat_buf_free(&buf);
	return same && index_file_is_whole(file);
}
