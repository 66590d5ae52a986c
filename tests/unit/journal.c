/*
 * A journal that was cut, padded with zeros, and had its bits flipped: what it gives back are lines
 * that were written, in their order, or it refuses; and what is repaired can be written again.
 */
#include "serve/journal_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "line.h"
#include "serve/crc32c.h"
#include "tap.h"

#define MESSAGES 24
#define FLIPS 1000

static void
check_crc(void)
{
	char bytes[300];
	bool same = true;

	is_int(crc32c(0, "123456789", 9), 0xe3069283, "the checksum of the nine digits");
	is_int(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283, "and in two pieces");
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 31 + 7);
		same = same && crc32c(0, bytes, i) == crc32c_portable(0, bytes, i);
	}
	ok(same, "both ways to reckon it agree, whatever the length");
}

/* ---- lines ---- */

static size_t
make_line(char *at, size_t size, uint64_t number, const char *more)
{
	return (size_t)snprintf(at, size,
		"{\"type\":\"message\",\"id\":\"0123456789ab-%010llx\",\"sender\":\"ali\\\"ce\","
		"\"content\":\"number %llu \\\\\",\"timestamp\":%llu,\"channel\":\"/%s\","
		"\"senderId\":\"a\"%s}",
		(unsigned long long)number, (unsigned long long)number,
		1700000000000ULL + (unsigned long long)number, number % 3 ? "" : "ops", more);
}

static bool
reads(const char *text, struct journal_line *line)
{
	return journal_line_read(line, chat_span_of(text));
}

static void
check_lines(void)
{
	struct journal_line line;
	char text[600];
	bool cut = false;
	size_t len = make_line(text, sizeof(text), 42,
		",\"nonce\":\"n\\\"1\",\"replyTo\":\"x\",\"file\":{\"name\":\"f\",\"type\":\"t\","
		"\"size\":3,\"data\":\"QUJD\"}");

	ok(reads(text, &line), "a message with everything");
	ok(line.epoch == 0x0123456789ab && line.number == 42 && line.timestamp_ms == 1700000000042,
		"its id and time");
	ok(chat_span_equal(line.channel, CHAT_SPAN("/ops")) &&
			chat_span_equal(line.nonce_json, CHAT_SPAN("\"n\\\"1\"")) &&
			chat_span_equal(line.sender_id, CHAT_SPAN("a")),
		"its channel, nonce and sender");
	ok(line.data_len == 13 && memcmp(text + line.data_at, "\"data\":\"QUJD\"", 13) == 0,
		"where its data is");
	for (size_t i = 0; i < len; i++)
		cut = cut || journal_line_read(&line, (struct chat_span){text, i});
	ok(!cut, "no beginning of it is a message");
	make_line(text, sizeof(text), 7, "");
	ok(reads(text, &line) && !line.nonce_json.len && !line.data_len, "one with the least");
	strcat(text, " ");
	ok(!reads(text, &line), "nothing may follow");
}

/* ---- a journal in a directory ---- */

struct fixture {
	char dir[64];
	struct chat_buf lines, sums; /* of the segment as it was written */
	char *text[MESSAGES + 8];
	size_t ends[MESSAGES + 8]; /* in the segment's file */
	uint64_t durable, failed;
};

static void
on_durable(void *arg, uint64_t ticket)
{
	((struct fixture *)arg)->durable = ticket;
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	(void)err;
	((struct fixture *)arg)->failed = ticket;
}

struct opened {
	uv_loop_t loop;
	struct journal *journal;
	struct chat_err err;
};

static bool
fixture_open(struct fixture *fixture, struct opened *opened, bool repair)
{
	const struct journal_events events = {.durable = on_durable, .failed = on_failed};
	const struct journal_options options = {
		.dir = fixture->dir,
		.sync = JOURNAL_NEVER,
		.segment_bytes = 1 << 20,
		.history = 50,
		.repair = repair,
	};

	uv_loop_init(&opened->loop);
	opened->journal =
		journal_file_open(&options, &opened->loop, &events, fixture, &opened->err);
	return opened->journal != NULL;
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	uv_close(handle, NULL);
}

static void
fixture_close(struct opened *opened)
{
	if (opened->journal)
		opened->journal->kind->settle(opened->journal);
	uv_walk(&opened->loop, close_handle, NULL);
	uv_run(&opened->loop, UV_RUN_DEFAULT);
	if (opened->journal)
		opened->journal->kind->close(opened->journal);
	uv_loop_close(&opened->loop);
}

static void
append(struct opened *opened, uint64_t number)
{
	struct journal_line line;
	char text[600];

	make_line(text, sizeof(text), number, "");
	journal_line_read(&line, chat_span_of(text));
	line.channel = CHAT_SPAN("/"); /* it has to stay; the text has not */
	opened->journal->kind->append(opened->journal, &line, chat_span_of(text));
}

static const char *
path_of(const struct fixture *fixture, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", fixture->dir, name);
	return path;
}

static void
load(const struct fixture *fixture, const char *name, struct chat_buf *buf)
{
	char path[128];
	int fd = open(path_of(fixture, name, path), O_RDONLY);
	ssize_t count;

	buf->len = 0;
	while (fd >= 0 && (count = read(fd, chat_buf_reserve(buf, 65536), 65536)) > 0)
		buf->len += (size_t)count;
	close(fd);
}

static void
store(const struct fixture *fixture, const char *name, const char *at, size_t len)
{
	char path[128];
	int fd = open(path_of(fixture, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || chat_write_all(fd, at, len, NULL) < 0)
		abort();
	close(fd);
}

/* Only what a test puts there is in the directory. */
static void
empty(const struct fixture *fixture)
{
	DIR *dir = opendir(fixture->dir);
	struct dirent *entry;
	char path[400];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", fixture->dir, entry->d_name);
		unlink(path);
	}
	closedir(dir);
}

static void
check_writing(struct fixture *fixture)
{
	struct opened opened;
	const char *at;

	ok(fixture_open(fixture, &opened, false), "a new journal");
	for (uint64_t i = 1; i <= MESSAGES; i++) {
		append(&opened, i);
		if (i % 5 == 0)
			opened.journal->kind->commit(opened.journal);
	}
	fixture_close(&opened);
	is_int(fixture->durable, MESSAGES, "all messages are durable");
	load(fixture, "00000001.ndjson", &fixture->lines);
	load(fixture, "00000001.sums", &fixture->sums);
	is_int(fixture->sums.len, (MESSAGES + 1) * SEGMENT_SUM_LEN, "a checksum for each line");
	chat_buf_append(&fixture->lines, "", 1); /* for strchr */
	fixture->lines.len--;
	at = fixture->lines.at;
	for (size_t i = 0; i <= MESSAGES; i++) {
		const char *end = strchr(at, '\n');

		fixture->text[i] = chat_strndup(at, (size_t)(end - at));
		at = end + 1;
		fixture->ends[i] = (size_t)(at - fixture->lines.at);
	}
}

/*
 * Opens what is there. A journal that opens holds written lines, in their order, takes one more and
 * opens again. Returns how many messages it had, -1 where it refused, -2 for a lie.
 */
static int
try(struct fixture *fixture, bool repair)
{
	struct chat_buf lines = {0};
	struct opened opened;
	size_t next = 0;
	int count = -1;
	char *at, *end;

	if (!fixture_open(fixture, &opened, repair)) {
		fixture_close(&opened);
		return opened.err.code == CHAT_BAD_MESSAGE ? -1 : -2;
	}
	append(&opened, MESSAGES + 1);
	fixture_close(&opened);
	load(fixture, "00000001.ndjson", &lines);
	chat_buf_append(&lines, "", 1);
	for (at = lines.at; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		if (count++ < 0)
			continue; /* the header may be a new one */
		while (next <= MESSAGES && strcmp(fixture->text[next], at) != 0)
			next++;
		if (next > MESSAGES && !strstr(at, "\"number 25 "))
			count = -1000;
	}
	if (*at)
		count = -1000;
	chat_buf_free(&lines);
	if (!fixture_open(fixture, &opened, false))
		count = -1000;
	fixture_close(&opened);
	return count < -1 ? -2 : count - 1;
}

static void
check_cuts(struct fixture *fixture, size_t zeros)
{
	size_t from = fixture->ends[MESSAGES - 3], len = fixture->lines.len;
	char *bytes = chat_alloc_zeroed(1, len + zeros);
	int wrong = 0, refused = 0;

	for (size_t cut = from; cut <= len; cut++) {
		int whole = MESSAGES - 3, got;

		memset(bytes, 0, len + zeros);
		memcpy(bytes, fixture->lines.at, cut);
		while (whole < MESSAGES && fixture->ends[whole + 1] <= cut)
			whole++;
		empty(fixture);
		store(fixture, "00000001.ndjson", bytes, cut + zeros);
		store(fixture, "00000001.sums", fixture->sums.at, fixture->sums.len);
		got = try(fixture, false);
		refused += got == -1;
		if (got != whole && wrong++ < 5)
			printf("# cut at %zu: %d messages, %d were whole\n", cut, got, whole);
	}
	is_int(wrong + refused, 0, "cut at every byte, %zu zeros behind it: the whole lines",
		zeros);
	free(bytes);
}

static void
check_sum_cuts(struct fixture *fixture)
{
	size_t len = fixture->sums.len;
	int wrong = 0;

	for (size_t cut = len - 3 * SEGMENT_SUM_LEN; cut <= len; cut++) {
		empty(fixture);
		store(fixture, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
		store(fixture, "00000001.sums", fixture->sums.at, cut);
		wrong += try(fixture, false) != MESSAGES;
	}
	is_int(wrong, 0, "the checksums cut at every byte: all lines");
	empty(fixture);
	store(fixture, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
	is_int(try(fixture, false), MESSAGES, "no checksums: all lines");
}

static void
check_flips(struct fixture *fixture, bool repair)
{
	size_t all = fixture->lines.len + fixture->sums.len;
	int lies = 0, refused = 0, fewer = 0;

	srandom(20261122);
	for (int i = 0; i < FLIPS; i++) {
		size_t at = (size_t)random() % all;
		char bit = (char)(1 << random() % 8);
		bool in_lines = at < fixture->lines.len;
		char *byte = in_lines ? &fixture->lines.at[at]
				      : &fixture->sums.at[at - fixture->lines.len];
		int got;

		*byte ^= bit;
		empty(fixture);
		store(fixture, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
		store(fixture, "00000001.sums", fixture->sums.at, fixture->sums.len);
		*byte ^= bit;
		got = try(fixture, repair);
		lies += got == -2;
		refused += got == -1;
		fewer += got >= 0 && got < MESSAGES - 2;
		if (got == -2)
			printf("# bit %d of byte %zu of the %s\n", bit, at,
				in_lines ? "lines" : "checksums");
	}
	is_int(lies, 0, "%d flipped bits%s: never a changed message", FLIPS,
		repair ? ", --repair" : "");
	is_int(fewer, 0, "and never more gone than the bit had spoiled");
	ok(repair ? refused == 0 : refused > FLIPS / 2, "%d were refused", refused);
}

static void
check_lock(struct fixture *fixture)
{
	struct opened first, second;

	empty(fixture);
	fixture_open(fixture, &first, false);
	ok(!fixture_open(fixture, &second, false), "no second server gets a journal");
	is_int(second.err.code, CHAT_TRY_LATER, "it is to try later");
	fixture_close(&second);
	fixture_close(&first);
}

int
main(void)
{
	struct fixture fixture = {.dir = "/tmp/chat-journal.XXXXXX"};

	check_crc();
	check_lines();
	if (!mkdtemp(fixture.dir) || !freopen("/dev/null", "w", stderr))
		return 1;
	check_writing(&fixture);
	check_cuts(&fixture, 0);
	check_cuts(&fixture, 4096);
	check_sum_cuts(&fixture);
	check_flips(&fixture, false);
	check_flips(&fixture, true);
	check_lock(&fixture);
	empty(&fixture);
	rmdir(fixture.dir);
	for (size_t i = 0; i <= MESSAGES; i++)
		free(fixture.text[i]);
	chat_buf_free(&fixture.lines);
	chat_buf_free(&fixture.sums);
	return done();
}
