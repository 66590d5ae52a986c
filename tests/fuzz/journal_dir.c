/*
 * A journal's directory that somebody else has filled: regular files and others, whose names and
 * lines are those of a journal, or nearly, with right checksums and matching indexes. A server
 * opens it, restores its channels, reads the past, writes, removes segments, and closes; then it
 * opens it again. Whatever was there, readers must get messages in their order.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "index.h"
#include "serve/channel/channel.h"
#include "serve/channel/restore.h"
#include "serve/journal/checksums.h"
#include "serve/journal/disk_journal.h"
#include "serve/journal/index_rebuild.h"
#include "serve/journal/removed_file.h"
#include "serve/journal/state.h"

#define OPENINGS 2
#define LINES_MAX 40

/* The rest of the input. Once there is none left, take() returns zeros. */
struct source {
	const uint8_t *at;
	size_t len;
};

static unsigned
take(struct source *source)
{
	if (!source->len)
		return 0;
	source->len--;
	return *source->at++;
}

/* ---- files ---- */

static const char *const channel_names[] = {"/", "/ops", "/a/b",
	"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ops", ""};

/* Returns a number near to `last`, or `last` with one bit changed. */
static uint64_t
take_number(struct source *source, uint64_t last)
{
	unsigned byte = take(source);

	return byte < 192 ? last + byte % 8 : last ^ (uint64_t)1 << byte % 64;
}

static void
make_lines(struct source *source, struct chat_buf *lines, uint32_t number)
{
	uint64_t message = take_number(source, number * 10), epoch = take_number(source, 0x1000);
	unsigned count = take(source) % LINES_MAX;

	segment_header_write(lines, number, epoch & MESSAGE_EPOCH_MAX);
	while (count--) {
		unsigned how = take(source);
		char id[MESSAGE_ID_LEN + 1];

		message = how & 1 ? message + 1 : take_number(source, message);
		epoch = how & 2 ? epoch : take_number(source, epoch);
		message_id_write(id, epoch & MESSAGE_EPOCH_MAX, message % (MESSAGE_NUMBER_MAX + 1));
		chat_buf_printf(lines,
			"{\"type\":\"message\",\"id\":\"%s\",\"sender\":\"alice\","
			"\"content\":\"%u\",\"timestamp\":%llu,\"channel\":\"%s\",\"senderId\":"
			"\"a\"%s}\n",
			id, how, 1700000000000ULL + (how & 4 ? take_number(source, 0) : 0),
			channel_names[how / 8 % (sizeof(channel_names) / sizeof(*channel_names))],
			how & 128 ? ",\"nonce\":\"n\"" : "");
	}
}

static void
make_sums(const struct chat_buf *lines, struct chat_buf *sums)
{
	const char *at = lines->at, *end = lines->at + lines->len, *newline;

	while (at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		char sum[CHECKSUM_LEN];

		newline++;
		checksum_write(sum, crc32c(0, at, (size_t)(newline - at)),
			(uint64_t)(newline - lines->at));
		chat_buf_append(sums, sum, sizeof(sum));
		at = newline;
	}
}

static void
store(int dir_fd, const char *name, const struct chat_buf *bytes)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);

	if (fd < 0)
		return; /* it is a directory by now, or a FIFO */
	need(write(fd, bytes->at, bytes->len) == (ssize_t)bytes->len);
	close(fd);
}

static void
edit(struct source *source, struct chat_buf *bytes)
{
	size_t at = (take(source) << 8 | take(source)) % (bytes->len + 1);

	if (at < bytes->len)
		bytes->at[at] = (char)take(source);
	else
		bytes->len = take(source) * bytes->len / 256;
}

static void
load(int dir_fd, const char *name, struct chat_buf *bytes)
{
	int fd = openat(dir_fd, name, O_RDONLY);
	ssize_t count;

	need(fd >= 0);
	while ((count = read(fd, chat_buf_reserve(bytes, 65536), 65536)) > 0)
		bytes->len += (size_t)count;
	close(fd);
}

/* Makes the index file of the lines, changes it, and makes its checksums right again. */
static void
make_index(struct source *source, int dir_fd, uint32_t number)
{
	char name[SEGMENT_NAME_MAX];
	struct index_file file;
	struct chat_buf bytes = {0};
	unsigned edits = take(source) % 4;

	if (index_rebuild(&file, dir_fd, number, NULL) < 0)
		return;
	index_file_close(&file);
	load(dir_fd, segment_name(name, number, SEGMENT_INDEX), &bytes);
	while (edits--)
		edit(source, &bytes);
	index_fix_checksums(&bytes);
	store(dir_fd, name, &bytes);
	chat_buf_free(&bytes);
}

static void
make_segment(struct source *source, int dir_fd, uint32_t number)
{
	unsigned how = take(source), edits = take(source) % 4;
	struct chat_buf lines = {0}, sums = {0};
	char name[SEGMENT_NAME_MAX];

	make_lines(source, &lines, number);
	make_sums(&lines, &sums);
	while (edits--)
		edit(source, how & 1 ? &lines : &sums);
	if (how & 2) {
		sums.len = 0;
		make_sums(&lines, &sums);
	}
	store(dir_fd, segment_name(name, number, SEGMENT_LINES), &lines);
	if (how & 4)
		store(dir_fd, segment_name(name, number, SEGMENT_SUMS), &sums);
	if (how & 8)
		make_index(source, dir_fd, number);
	chat_buf_free(&lines);
	chat_buf_free(&sums);
}

/* Makes the file `removed`, with numbers near to those of the lines; perhaps changes it. */
static void
make_removed(struct source *source, int dir_fd)
{
	struct removed_head head = {.magic = "", .unknown = take_number(source, 0)};
	unsigned channels_count = take(source) % 4, ranges = take(source) % 4, edits = take(source);
	struct chat_buf bytes = {0};

	memcpy(head.magic, "chatrem1", sizeof(head.magic));
	head.others = take_number(source, 10);
	head.channels = channels_count;
	head.ranges = ranges;
	chat_buf_append(&bytes, &head, sizeof(head));
	while (channels_count--) {
		struct removed_channel channel = {.number = take_number(source, 10)};

		strcpy(channel.name, channel_names[take(source) % 4]);
		chat_buf_append(&bytes, &channel, sizeof(channel));
	}
	for (uint32_t next = 1; ranges--; next += 2) {
		struct removed_range range = {.first = next, .last = next};

		range.last = (uint32_t)take_number(source, next);
		next = range.last;
		chat_buf_append(&bytes, &range, sizeof(range));
	}
	if (edits & 1)
		edit(source, &bytes);
	if (bytes.len >= sizeof(head) && !(edits & 2)) {
		memcpy(&head, bytes.at, sizeof(head));
		head.crc = 0;
		memcpy(bytes.at, &head, sizeof(head));
		head.crc = crc32c(0, bytes.at, bytes.len);
		memcpy(bytes.at, &head, sizeof(head));
	}
	store(dir_fd, REMOVED_NAME, &bytes);
	chat_buf_free(&bytes);
}

/* Makes a file of any name of a journal, of any type, with any bytes. */
static void
make_other(struct source *source, int dir_fd, uint32_t number)
{
	static const char *const names[] = {"lock", "00000000.ndjson", "4294967294.ndjson",
		"4294967296.ndjson", "00000001.ndjson.new", "x.new", "00000009.index", "removed"};
	unsigned which = take(source), len = take(source);
	struct chat_buf bytes = {0};
	char own[SEGMENT_NAME_MAX];
	const char *name = which & 64 ? names[which % (sizeof(names) / sizeof(*names))]
				      : segment_name(own, number, which % 5);

	switch (which >> 3 & 7) {
	case 0:
		mkfifoat(dir_fd, name, 0600);
		break;
	case 1:
		symlinkat("00000001.ndjson", dir_fd, name);
		break;
	case 2:
		mkdirat(dir_fd, name, 0700);
		break;
	default:
		while (len--)
			chat_buf_append(&bytes, &(char){(char)take(source)}, 1);
		store(dir_fd, name, &bytes);
		chat_buf_free(&bytes);
	}
}

static void
empty(int dir_fd)
{
	DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY));
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (unlinkat(dir_fd, entry->d_name, 0) < 0)
			unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR);
	closedir(dir);
}

/* ---- a server on it ---- */

struct server {
	uv_loop_t loop;
	struct clock clock;
	struct channels channels;
	uint64_t settled; /* tickets */
};

static void
on_durable(void *arg, uint64_t ticket)
{
	((struct server *)arg)->settled = ticket;
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	(void)err;
	((struct server *)arg)->settled = ticket;
}

/* Checks that a page has messages in their order, all of the range that was asked for. */
static void
on_read(struct journal_page_read *read)
{
	struct chat_span payload = {0};
	uint64_t last = read->after, epoch, number;
	const char *at;

	need(read->end > read->after && read->end <= read->upto);
	if (read->page)
		payload = block_frame_payload(read->page->bytes);
	for (at = payload.at; at; at += MESSAGE_ID_LEN) {
		at = memmem(at, payload.len - (size_t)(at - payload.at), "\"id\":\"", 6);
		if (!at)
			break;
		at += 6;
		need(message_id_read((struct chat_span){at, MESSAGE_ID_LEN}, &epoch, &number));
		need(number > last && number <= read->end);
		last = number;
	}
	block_unref(read->page);
	*(bool *)read->arg = true;
}

static void
read_past(struct server *server, struct journal *journal, const char *channel)
{
	bool done;
	struct journal_page_read read = {.upto = server->channels.sequence,
		.page_bytes = 1000,
		.most_bytes = 1000,
		.complete = true,
		.done = on_read,
		.arg = &done};

	strcpy(read.channel, channel);
	for (; read.after < read.upto; read.after = read.end) {
		done = false;
		journal->kind->read_page(journal, &read);
		while (!done)
			uv_run(&server->loop, UV_RUN_ONCE);
	}
}

static void
append(struct server *server, struct journal *journal, const char *channel)
{
	struct channels *channels = &server->channels;
	const struct journal_line line = {.epoch = channels->epoch,
		.number = ++channels->sequence,
		.timestamp_ms = 1700000000001,
		.channel = chat_span_of(channel),
		.sender_id = CHAT_SPAN("a")};
	char text[300], id[MESSAGE_ID_LEN + 1];

	message_id_write(id, line.epoch, line.number);
	snprintf(text, sizeof(text),
		"{\"type\":\"message\",\"id\":\"%s\",\"sender\":\"alice\",\"content\":"
		"\"\",\"timestamp\":1700000000001,\"channel\":\"%s\",\"senderId\":\"a\"}",
		id, channel);
	journal->kind->append(journal, &line, chat_span_of(text));
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	uv_close(handle, NULL);
}

static void
use(struct server *server, struct journal *journal)
{
	uint64_t said = 0;

	for (size_t i = 0; i < 3; i++) {
		read_past(server, journal, channel_names[i]);
		for (int j = 0; j < 4; j++, said++)
			append(server, journal, channel_names[i]);
		journal->kind->commit(journal);
		journal->kind->rotate(journal);
		read_past(server, journal, channel_names[i]);
	}
	journal->kind->settle(journal);
	need(server->settled == said);
}

/* Changes index files while the server runs, so that it has not checked them. */
static void
tamper(struct source *source, const struct disk_journal *file)
{
	for (size_t i = 0; i < file->closed.count; i++)
		if (take(source) & 1)
			make_index(source, file->dir_fd, file->closed.at[i].number);
}

/* Returns true when the journal could be opened. */
static bool
serve(struct source *source, const struct journal_options *options)
{
	const struct journal_events events = {.durable = on_durable, .failed = on_failed};
	const struct channels_limits limits = {.channels = 5,
		.members = 5,
		.history_keep = 20,
		.history_bytes = 4000,
		.max_message_bytes = 1000};
	struct server server = {.clock = {.loop = &server.loop}};
	struct journal *journal;
	struct chat_err err;
	bool opened;

	uv_loop_init(&server.loop);
	clock_update(&server.clock);
	channels_init(&server.channels, &limits, &server.clock, 1);
	journal = disk_journal_open(options, &server.loop, &events, &server, &err);
	if (journal)
		tamper(source, (struct disk_journal *)journal);
	opened = journal &&
		channels_restore((struct channels *[]){&server.channels}, 1,
			(struct disk_journal *)journal, &err) == 0;
	if (opened)
		use(&server, journal);
	else
		need(err.code == CHAT_BAD_MESSAGE || err.code == CHAT_CANNOT_OPEN ||
			err.code == CHAT_CANNOT_CREATE ||
			(journal && err.code == CHAT_IO_ERROR)); /* an index that leads astray */
	uv_walk(&server.loop, close_handle, NULL);
	uv_run(&server.loop, UV_RUN_DEFAULT);
	if (journal)
		journal->kind->close(journal, false);
	uv_loop_close(&server.loop);
	channels_free(&server.channels);
	return opened;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[] = FUZZ_FOLDER;
	static int dir_fd = -1;
	struct source source = {data, size};
	unsigned how = take(&source);
	const struct journal_options options = {
		.dir = dir,
		.sync = JOURNAL_SYNC_NEVER,
		.segment_bytes = 4096,
		.answer_ms = 10000,
		.max_bytes = how & 1 ? 4096 : 0,
		.max_age_ms = how & 2 ? 1 : 0,
		.max_messages = how & 16 ? 2 : 0,
		.history = how & 4 ? 3 : 0,
		.repair = (how & 8) != 0,
	};
	bool opened = false;

	if (dir_fd < 0) {
		fuzz_make_folder(dir);
		dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	}
	empty(dir_fd);
	for (uint32_t number = 1; number < 6 && source.len; number++) {
		unsigned kind = take(&source);

		if (kind & 1)
			make_segment(&source, dir_fd, number);
		if (kind & 2)
			make_other(&source, dir_fd, number);
		if (kind & 4)
			make_removed(&source, dir_fd);
	}
	for (int i = 0; i < OPENINGS; i++) {
		bool again = serve(&source, &options);

		need(again || !opened || source.len); /* what it has written it can read */
		opened = again;
	}
	return 0;
}
