/* A journal that is closed while retention would need an index that is wrong. */
#include <stdlib.h>

#include "journal.h"
#include "serve/journal/journal_size.h"
#include "tap.h"

#define INDEX "00000001.index"

static void
append_until(struct opened *opened, uint64_t *number, size_t closed, uint64_t bytes)
{
	struct disk_journal *file = (struct disk_journal *)opened->journal;

	while (journal_size(file) <= bytes) {
		append(opened, ++*number);
		opened->journal->kind->commit(opened->journal);
	}
	while (file->closed.count < closed)
		uv_run(&opened->loop, UV_RUN_ONCE);
}

static void
check_end(struct scratch *scratch)
{
	const struct journal_options options = {.sync = JOURNAL_SYNC_NEVER,
		.segment_bytes = 1 << 30,
		.max_bytes = 16384,
		.answer_ms = 10000};
	struct opened opened;
	struct disk_journal *file;
	uint64_t number = 0;

	if (!journal_start(&opened, scratch, &options))
		abort();
	file = (struct disk_journal *)opened.journal;
	append_until(&opened, &number, 2, 9000);
	store(scratch, INDEX, "wrong", 5);
	append_until(&opened, &number, 2, options.max_bytes - journal_size_share(file));
	opened.journal->kind->rotate(opened.journal);
	ok(!journal_size_exceeds(file, options.max_bytes) && file->closed.count > 1,
		"a journal that will be too large when its last segment is closed");
	ok(journal_end(&opened), "a wrong index is not made again once the loop is closed");
}

int
main(void)
{
	struct scratch scratch = {0};

	scratch_open(&scratch);
	check_end(&scratch);
	scratch_close(&scratch);
	return done();
}
