/*
 * The index file of a segment, with each bit of it flipped, or forged with right checksums: where
 * it is wrong it is not trusted, and readers get all messages without it.
 */
#include "serve/journal/index_file.h"

#include <stdlib.h>

#include "journal.h"
#include "serve/journal/dir.h"
#include "serve/util/crc32c.h"
#include "tap.h"

#define ENTRIES 1000
#define STEP 1009 /* of the flips that a whole reading is tried with */
#define INDEX "00000001.index"
#define LINES "00000001.ndjson"

struct fixture {
	struct scratch scratch;
	struct chat_buf index; /* as it was written */
	struct position positions[ENTRIES];
	uint64_t lines_bytes;
	int dir_fd;
};

/* ---- the file alone ---- */

/* Reads the whole index file. Returns 0, or -1 where it was found to be wrong. */
static int
read_all(const struct fixture *fixture, struct position positions[ENTRIES])
{
	struct index_file file;
	struct chat_err err;
	int result = 0;

	if (index_file_open(&file, fixture->dir_fd, INDEX, fixture->lines_bytes, &err) < 0)
		return -1;
	for (uint32_t i = 0; i < file.head.channels && result == 0; i++) {
		const struct index_channel *channel = &file.channels[i];

		result = index_file_read(
			&file, channel->first, channel->count, positions + channel->first, &err);
	}
	if (result == 0 && file.head.positions != ENTRIES)
		result = -1;
	index_file_close(&file);
	return result;
}

static void
check_flips(struct fixture *fixture)
{
	char path[128], *bytes = fixture->index.at;
	struct position positions[ENTRIES];
	size_t unnoticed = 0;
	int fd = open(path_of(&fixture->scratch, INDEX, path), O_WRONLY);

	for (size_t i = 0; i < 8 * fixture->index.len; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		if (pwrite(fd, &bytes[i / 8], 1, (off_t)(i / 8)) != 1)
			abort();
		unnoticed += read_all(fixture, positions) == 0;
		bytes[i / 8] ^= (char)(1 << i % 8);
		if (pwrite(fd, &bytes[i / 8], 1, (off_t)(i / 8)) != 1)
			abort();
	}
	close(fd);
	is_int(unnoticed, 0, "each of the %zu bits of an index is noticed when it is flipped",
		8 * fixture->index.len);
	ok(read_all(fixture, positions) == 0 &&
			memcmp(positions, fixture->positions, sizeof(positions)) == 0,
		"and with all of them as they were it says what it said");
}

static void
check_lengths(struct fixture *fixture)
{
	struct position positions[ENTRIES];
	struct chat_buf *index = &fixture->index;
	size_t believed = 0;

	chat_buf_append(index, "", 1);
	for (size_t len = 0; len <= index->len;
		len += len < 400 || len + 40 > index->len ? 1 : 37) {
		store(&fixture->scratch, INDEX, index->at, len);
		believed += len != index->len - 1 && read_all(fixture, positions) == 0;
	}
	index->len--;
	is_int(believed, 0, "no index of another length is believed");
	store(&fixture->scratch, INDEX, index->at, index->len);
}

/* ---- forged, with right checksums ---- */

/* The parts of an index in memory. */
struct parts {
	struct index_head *head;
	struct epoch *epochs;
	struct index_channel *channels;
	uint32_t *block_crcs;
	struct position *positions;
};

static struct parts
parts_of(char *bytes)
{
	struct parts parts = {.head = (struct index_head *)(void *)bytes};

	parts.epochs = (struct epoch *)(void *)(parts.head + 1);
	parts.channels = (struct index_channel *)(void *)(parts.epochs + parts.head->epochs);
	parts.block_crcs = (uint32_t *)(void *)(parts.channels + parts.head->channels);
	parts.positions = (struct position *)(void *)(parts.block_crcs +
		(parts.head->positions + INDEX_BLOCK - 1) / INDEX_BLOCK);
	return parts;
}

#define CRAFT(name, statement) \
	static void craft_##name(struct parts *p) \
	{ \
		statement; \
	}

CRAFT(long_name, memset(p->channels[0].name, 'a', 71); p->channels[0].name[0] = '/')
CRAFT(endless_name, memset(p->channels[1].name, 'b', 72); p->channels[1].name[0] = '/')
CRAFT(bad_name, strcpy(p->channels[0].name, "ops"))
CRAFT(hidden_name, p->channels[0].name[40] = 'x')
CRAFT(same_names, p->channels[1] = p->channels[0])
CRAFT(first, p->channels[1].first++)
CRAFT(count, p->channels[1].count++)
CRAFT(wrap, p->channels[1].first = UINT32_MAX; p->channels[1].count = 2)
CRAFT(no_count, p->channels[0].count = 0; p->channels[1].first = 0)
CRAFT(epochs, p->head->epochs = UINT32_MAX)
CRAFT(channels, p->head->channels = UINT32_MAX)
CRAFT(count_of_positions, p->head->positions = UINT32_MAX)
CRAFT(no_positions, p->head->positions = 0)
CRAFT(backwards, p->head->last = 0; p->head->base = 5)
CRAFT(last, p->head->last = UINT64_MAX)
CRAFT(far, p->head->last = p->head->base + UINT32_MAX + 1ULL)
CRAFT(lines_bytes, p->head->lines_bytes = UINT64_MAX)
CRAFT(other_segment, p->head->lines_bytes--)
CRAFT(timestamp, p->head->timestamp_ms = -1)
CRAFT(epoch, p->epochs[0].epoch = UINT64_MAX)
CRAFT(epoch_last, p->epochs[0].last = p->head->last + 1)
CRAFT(old_form, memcpy(p->head->magic, "chatidx1", 8))
CRAFT(at, p->positions[600].at = UINT32_MAX - 10)
CRAFT(len, p->positions[600].len = UINT32_MAX)
CRAFT(past_end, p->positions[666].len++)
CRAFT(overlap, p->positions[3].at = p->positions[2].at)
CRAFT(order, p->positions[600].number = p->positions[599].number)
CRAFT(number, p->positions[333].number = p->positions[332].number + 100000)
CRAFT(zero, p->positions[0].number = 0)

static const struct {
	const char *name;
	void (*edit)(struct parts *parts);
} crafts[] = {
	{"a channel name of 71 bytes", craft_long_name},
	{"a channel name without an end", craft_endless_name},
	{"a name of no channel", craft_bad_name},
	{"a name behind the name", craft_hidden_name},
	{"one channel twice", craft_same_names},
	{"a channel with another one's places", craft_first},
	{"a channel with too many places", craft_count},
	{"places beyond 2^32", craft_wrap},
	{"a channel without a place", craft_no_count},
	{"2^32 - 1 epochs", craft_epochs},
	{"2^32 - 1 channels", craft_channels},
	{"2^32 - 1 places", craft_count_of_positions},
	{"no places", craft_no_positions},
	{"numbers backwards", craft_backwards},
	{"the number 2^64 - 1", craft_last},
	{"numbers that do not fit 32 bits", craft_far},
	{"a segment of 2^64 - 1 bytes", craft_lines_bytes},
	{"a segment of another size", craft_other_segment},
	{"a time before all times", craft_timestamp},
	{"an epoch of 64 bits", craft_epoch},
	{"an epoch that goes on behind the end", craft_epoch_last},
	{"the older form", craft_old_form},
	{"a line at 2^32 - 11", craft_at},
	{"a line of 2^32 - 1 bytes", craft_len},
	{"a last line that ends behind the end", craft_past_end},
	{"two lines at one place", craft_overlap},
	{"one number twice", craft_order},
	{"a number above the last", craft_number},
	{"the number 0", craft_zero},
};

/* Writes a copy of the index file that `edit` has changed, with right checksums. */
static void
craft(const struct fixture *fixture, void (*edit)(struct parts *parts))
{
	struct chat_buf bytes = {0};
	struct parts parts;
	uint32_t positions;

	chat_buf_append_span(&bytes, chat_buf_span(&fixture->index));
	parts = parts_of(bytes.at);
	positions = parts.head->positions;
	edit(&parts);
	for (uint32_t i = 0; i < positions; i += INDEX_BLOCK)
		parts.block_crcs[i / INDEX_BLOCK] = crc32c(0, parts.positions + i,
			(positions - i < INDEX_BLOCK ? positions - i : INDEX_BLOCK) *
				sizeof(*parts.positions));
	parts.head->crc = 0;
	parts.head->crc = crc32c(0, bytes.at, (size_t)((char *)(void *)parts.positions - bytes.at));
	store(&fixture->scratch, INDEX, bytes.at, bytes.len);
	chat_buf_free(&bytes);
}

/* ---- through a journal ---- */

struct asked {
	struct journal_page_read read;
	uint64_t numbers, last; /* sum of those that were found; the last of them */
	bool done, ordered;
};

static void
on_read(struct journal_page_read *read)
{
	struct asked *asked = read->arg;
	char *text = NULL;

	asked->done = true;
	if (read->page) {
		struct chat_span payload = block_frame_payload(read->page->bytes);

		text = strndup(payload.at, payload.len);
	}
	for (char *at = text; at && (at = strstr(at, "\"id\":\"")); at += MESSAGE_ID_LEN) {
		uint64_t epoch, number = 0;

		at += strlen("\"id\":\"");
		message_id_read((struct chat_span){at, MESSAGE_ID_LEN}, &epoch, &number);
		asked->ordered = asked->ordered && number > asked->last;
		asked->numbers += asked->last = number;
	}
	free(text);
	block_unref(read->page);
}

/* Returns true when a reading brings all messages of the channel / up to this number. */
static bool
reads_all(struct opened *opened, uint64_t upto)
{
	struct asked asked = {.read = {.channel = "/",
				      .upto = upto,
				      .page_bytes = 100000,
				      .most_bytes = 100000,
				      .complete = true,
				      .done = on_read},
		.ordered = true};
	uint64_t sum = 0;

	for (uint64_t i = 1; i <= upto; i++)
		sum += i % 3 ? i : 0;
	asked.read.arg = &asked;
	segment_cache_free(&((struct disk_journal *)opened->journal)->cache);
	for (; asked.read.after < upto && asked.read.complete; asked.read.after = asked.read.end) {
		asked.done = false;
		opened->journal->kind->read_page(opened->journal, &asked.read);
		while (!asked.done)
			uv_run(&opened->loop, UV_RUN_ONCE);
	}
	return asked.read.complete && asked.ordered && asked.numbers == sum;
}

static bool
index_is_as_it_was(const struct fixture *fixture)
{
	struct chat_buf bytes = {0};
	bool same;

	load(&fixture->scratch, INDEX, &bytes);
	same = chat_span_equal(chat_buf_span(&bytes), chat_buf_span(&fixture->index));
	chat_buf_free(&bytes);
	return same;
}

static bool
fixture_open(struct fixture *fixture, struct opened *opened)
{
	return journal_start(opened, &fixture->scratch,
		&(struct journal_options){.sync = JOURNAL_SYNC_NEVER,
			.segment_bytes = 1 << 30,
			.answer_ms = 10000,
			.history = 50});
}

static void
check_reading(struct fixture *fixture)
{
	char *bytes = fixture->index.at;
	int wrong = 0, tried = 0;
	struct opened opened;

	if (!fixture_open(fixture, &opened))
		abort();
	for (size_t i = 0; i < 8 * fixture->index.len; i += STEP) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		store(&fixture->scratch, INDEX, bytes, fixture->index.len);
		bytes[i / 8] ^= (char)(1 << i % 8);
		tried++;
		if (!reads_all(&opened, ENTRIES) || !index_is_as_it_was(fixture))
			wrong++;
	}
	is_int(wrong, 0, "with any of %d bits flipped under a server a reading misses nothing",
		tried);
	unlinkat(fixture->dir_fd, INDEX, 0);
	ok(reads_all(&opened, ENTRIES) && index_is_as_it_was(fixture), "nor without an index");
	journal_end(&opened);
}

static void
check_crafts(struct fixture *fixture)
{
	struct position positions[ENTRIES];
	struct opened opened;

	for (size_t i = 0; i < sizeof(crafts) / sizeof(*crafts); i++) {
		bool refused, read, again;

		craft(fixture, crafts[i].edit);
		refused = read_all(fixture, positions) < 0;
		if (!fixture_open(fixture, &opened))
			abort();
		again = index_is_as_it_was(fixture);
		craft(fixture, crafts[i].edit);
		read = reads_all(&opened, ENTRIES) && index_is_as_it_was(fixture);
		journal_end(&opened);
		ok(refused && again && read,
			"%s: not believed, made again at the start and by a reading",
			crafts[i].name);
	}
}

/* ---- segments without messages ---- */

static void
check_empty(struct fixture *fixture)
{
	struct opened opened;

	for (uint32_t number = 3; number < 5; number++)
		segment_free(segment_create(fixture->dir_fd, number, 0x0123456789ac, false, NULL));
	ok(fixture_open(fixture, &opened) && reads_all(&opened, ENTRIES),
		"a closed segment without messages hides none before it");
	journal_end(&opened);
}

static void
fixture_make(struct fixture *fixture)
{
	struct opened opened;

	if (!fixture_open(fixture, &opened))
		abort();
	for (uint64_t i = 1; i <= ENTRIES; i++)
		append(&opened, i);
	opened.journal->kind->commit(opened.journal);
	opened.journal->kind->rotate(opened.journal);
	opened.journal->kind->commit(opened.journal);
	journal_end(&opened);
	fixture->dir_fd = open(fixture->scratch.dir, O_RDONLY | O_DIRECTORY);
	load(&fixture->scratch, INDEX, &fixture->index);
	if (!journal_dir_file_size(fixture->dir_fd, LINES, &fixture->lines_bytes) ||
		read_all(fixture, fixture->positions) < 0)
		abort();
}

int
main(void)
{
	struct fixture fixture = {0};

	scratch_open(&fixture.scratch);
	fixture_make(&fixture);
	check_flips(&fixture);
	check_lengths(&fixture);
	check_reading(&fixture);
	check_crafts(&fixture);
	check_empty(&fixture);
	close(fixture.dir_fd);
	chat_buf_free(&fixture.index);
	scratch_close(&fixture.scratch);
	return done();
}
