/*
 * The same log read in pieces of every size from 1 to 4096 bytes, by every scanner and by none, by
 * one thread and by three: always the same findings and the same counts.
 */
#include "validate/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "message/scan.h"
#include "tap.h"

/* Good lines and bad ones, a blank one, a long one, bytes that are not UTF-8, a cut-off end. */
static int
make_log(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	FILE *log = fdopen(dup(fd), "w");

	for (int i = 0; i < 12; i++) {
		fprintf(log,
			"{\"type\":\"message\",\"id\":\"%d\",\"sender\":\"J\xC3\xBCrgen\","
			"\"content\":\"\\ud83d\\ude00 \xE4\xBD\xA0\xE5\xA5\xBD "
			"%.*s\",\"timestamp\":%d}\n",
			i, i * 20,
			"a text that goes on and on, to lines of two hundred bytes and more, "
			"because a line may be longer than what is read at a time, or much "
			"shorter.",
			1000 + i);
		fprintf(log, "{\"type\":\"text\",\"text\":%s}\r\n", i % 3 ? "\"a\\n\"" : "1");
		fprintf(log, i % 4 ? "{\"type\":\"text\",\"text\":\"\xE4\xBD\"}\n" : "\n");
	}
	fprintf(log, "{\"type\":\"text\",\"text\":\"%0300d\"}\n{\"type\":\"init\"", 0);
	fclose(log);
	return fd;
}

struct outcome {
	struct chat_buf findings;
	struct stats stats;
};

static void
run(struct outcome *outcome, int fd, int scan, size_t read_bytes, unsigned threads)
{
	struct writer writer;
	struct chat_progress progress = {.on = false};
	struct report report = {.format = &format_text, .writer = &writer};
	struct check check = {
		.from = CHAT_FROM_ANY,
		.max_line_bytes = 280,
		.read_bytes = read_bytes,
		.threads = threads,
		.scan = scan,
		.report = &report,
		.progress = &progress,
	};

	writer_init(&writer, -1, "nowhere");
	lseek(fd, 0, SEEK_SET);
	if (check_file(&check, fd, "log", NULL))
		abort();
	report_finish(&report);
	outcome->findings = writer.buf;
	outcome->stats = report.stats;
}

static bool
is_same(const struct outcome *a, const struct outcome *b)
{
	return chat_span_equal(chat_buf_span(&a->findings), chat_buf_span(&b->findings)) &&
		memcmp(&a->stats, &b->stats, sizeof(a->stats)) == 0;
}

static void
test_pieces(int fd, const struct outcome *want, int scan, const char *name, unsigned threads,
	size_t step)
{
	size_t wrong = 0;

	for (size_t bytes = 1; bytes <= 4096; bytes += step) {
		struct outcome got;

		run(&got, fd, scan, bytes, threads);
		if (!is_same(&got, want) && wrong++ == 0)
			printf("# %zu bytes:\n%.*s", bytes, (int)got.findings.len, got.findings.at);
		chat_buf_free(&got.findings);
	}
	is_int(wrong, 0, "%s, %u threads: the same findings, whatever is read at a time", name,
		threads);
}

int
main(void)
{
	int fd = make_log();
	struct outcome want;

	run(&want, fd, -1, 0, 1);
	ok(want.stats.valid > 12 && want.stats.invalid > 12 && want.stats.blank == 3,
		"a log of %llu lines", (unsigned long long)want.stats.lines);
	ok(memmem(want.findings.at, want.findings.len, "log:37:1: error: a line of more", 31),
		"with a line that is too long");
	ok(memmem(want.findings.at, want.findings.len, "log:38:15: error: the line ends", 31),
		"and one that is cut off");
	test_pieces(fd, &want, -1, "no scanner", 1, 7);
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++) {
		const char *name = chat_scan_word((enum chat_scan_variant)variant);

		if (!chat_scan_can((enum chat_scan_variant)variant))
			continue;
		test_pieces(fd, &want, variant, name, 1, 1);
		test_pieces(fd, &want, variant, name, 3, 37);
	}
	chat_buf_free(&want.findings);
	close(fd);
	return done();
}
