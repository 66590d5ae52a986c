/*
 * A journal that was cut, padded with zeros, or had its bits flipped, opens with lines that were
 * written, in their order, or it refuses to open; what was repaired can be appended to.
 */
#include <stdlib.h>

#include "journal.h"
#include "serve/journal/checksums.h"
#include "tap.h"

#define MESSAGES 24
#define FLIPS 1000

struct fixture {
	struct scratch scratch;
	struct chat_buf lines, sums; /* of the segment as it was written */
	char *text[MESSAGES + 8];
	size_t ends[MESSAGES + 8]; /* in the segment's file */
};

static bool
fixture_open(struct fixture *fixture, struct opened *opened, bool repair)
{
	return journal_start(opened, &fixture->scratch,
		&(struct journal_options){
			.sync = JOURNAL_SYNC_NEVER,
			.segment_bytes = 1 << 20,
			.answer_ms = 10000,
			.history = 50,
			.repair = repair,
		});
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
	journal_end(&opened);
	is_int(fixture->scratch.durable, MESSAGES, "all messages are durable");
	load(&fixture->scratch, "00000001.ndjson", &fixture->lines);
	load(&fixture->scratch, "00000001.sums", &fixture->sums);
	is_int(fixture->sums.len, (MESSAGES + 1) * CHECKSUM_LEN, "a checksum for each line");
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
 * Opens what is in the directory. A journal that opens must have lines that were written, in their
 * order, take one more, and open again. Returns how many messages it had, -1 where it refused to
 * open, and -2 where it did not do what it must.
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
		journal_end(&opened);
		return opened.err.code == CHAT_BAD_MESSAGE ? -1 : -2;
	}
	append(&opened, MESSAGES + 1);
	journal_end(&opened);
	load(&fixture->scratch, "00000001.ndjson", &lines);
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
	journal_end(&opened);
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
		empty(&fixture->scratch);
		store(&fixture->scratch, "00000001.ndjson", bytes, cut + zeros);
		store(&fixture->scratch, "00000001.sums", fixture->sums.at, fixture->sums.len);
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

	for (size_t cut = len - 3 * CHECKSUM_LEN; cut <= len; cut++) {
		empty(&fixture->scratch);
		store(&fixture->scratch, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
		store(&fixture->scratch, "00000001.sums", fixture->sums.at, cut);
		wrong += try(fixture, false) != MESSAGES;
	}
	is_int(wrong, 0, "the checksums cut at every byte: all lines");
	empty(&fixture->scratch);
	store(&fixture->scratch, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
	is_int(try(fixture, false), MESSAGES, "no checksums: all lines");
}

/* Opens the files with zeros in place of some bytes of one of them. */
static int
try_hole(struct fixture *fixture, struct chat_buf *in, size_t from, size_t to, size_t sums_len)
{
	char *kept = chat_alloc(to - from);

	memcpy(kept, in->at + from, to - from);
	memset(in->at + from, 0, to - from);
	empty(&fixture->scratch);
	store(&fixture->scratch, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
	store(&fixture->scratch, "00000001.sums", fixture->sums.at, sums_len);
	memcpy(in->at + from, kept, to - from);
	free(kept);
	return try(fixture, false);
}

/* A loss of power may take any page that was not synced, and leave those behind it. */
static void
check_holes(struct fixture *fixture)
{
	size_t all = fixture->sums.len, last = fixture->ends[MESSAGES - 2];
	size_t before = (MESSAGES - 3) * CHECKSUM_LEN;

	is_int(try_hole(fixture, &fixture->lines, last - 10, last + 10, before), MESSAGES - 3,
		"a hole behind the last checksum: the lines before it, none behind it");
	is_int(try_hole(fixture, &fixture->lines, last - 10, last + 10, 0), MESSAGES - 3,
		"before the first checksum as well");
	is_int(try_hole(fixture, &fixture->lines, last - 10, last + 10, all), -1,
		"a hole in a line that has a checksum: damage");
	is_int(try_hole(fixture, &fixture->sums, before - 50, before, all), MESSAGES,
		"a hole in the checksums: all lines");
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
		empty(&fixture->scratch);
		store(&fixture->scratch, "00000001.ndjson", fixture->lines.at, fixture->lines.len);
		store(&fixture->scratch, "00000001.sums", fixture->sums.at, fixture->sums.len);
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

	empty(&fixture->scratch);
	fixture_open(fixture, &first, false);
	ok(!fixture_open(fixture, &second, false), "no second server gets a journal");
	is_int(second.err.code, CHAT_TRY_LATER, "it is to try later");
	journal_end(&second);
	journal_end(&first);
}

int
main(void)
{
	struct fixture fixture = {0};

	scratch_open(&fixture.scratch);
	check_writing(&fixture);
	check_cuts(&fixture, 0);
	check_cuts(&fixture, 4096);
	check_sum_cuts(&fixture);
	check_holes(&fixture);
	check_flips(&fixture, false);
	check_flips(&fixture, true);
	check_lock(&fixture);
	scratch_close(&fixture.scratch);
	for (size_t i = 0; i <= MESSAGES; i++)
		free(fixture.text[i]);
	chat_buf_free(&fixture.lines);
	chat_buf_free(&fixture.sums);
	return done();
}
