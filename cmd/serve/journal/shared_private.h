#ifndef SERVE_JOURNAL_SHARED_PRIVATE_H
#define SERVE_JOURNAL_SHARED_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/journal/closed_segments.h"
#include "serve/journal/journal.h"
#include "serve/util/mailbox.h"
#include "text/buf.h"

/* For shared*.c only. */

/* A message that part 0 has not taken yet; its text is in intake.texts. */
struct intake_line {
	struct journal_line line;
	uint64_t ticket; /* of its part */
	uint32_t len, part;
};

/* The messages of all parts, in the order of their numbers. */
struct intake {
	struct chat_buf texts;
	struct intake_line *lines;
	size_t count, cap;
};

/* A message that the journal on the disk has, and has not answered. */
struct in_flight {
	uint64_t ticket; /* of its part */
	uint32_t len, part;
};

/* An answer to a part: messages up to a ticket are durable, or failed. */
struct part_answer {
	uint64_t ticket;
	size_t bytes; /* of these messages, as journal.unwritten_bytes counts them */
	bool failed;
	struct chat_err err; /* if failed */
};

/* All but part 0 are told by letters. */
enum part_letter_kind { PART_ANSWER, PART_PAGE, PART_NEWEST };

struct part_letter {
	struct letter letter; /* first */
	enum part_letter_kind kind;
	struct part_answer answer; /* PART_ANSWER */
};

/* A read for a part: it goes to part 0, which reads into the copy, and comes back. */
struct shared_read {
	struct part_letter head; /* first */
	struct journal_part *part;
	struct shared_read *next, *prev; /* utlist in part->reads */
	void *asked; /* the structure of the caller; NULL: it does not wait any more */
	struct journal_page_read page; /* PART_PAGE */
	struct journal_newest_read newest; /* PART_NEWEST */
};

struct journal_part {
	struct journal journal; /* first */
	struct shared_journal *shared;
	uint32_t number;
	/* Only the thread of the part uses these. */
	uint64_t appended, answered; /* tickets */
	uint64_t committed;
	struct shared_read *reads; /* that have not come back */
	struct mailbox mailbox; /* not of part 0 */
	/* Only part 0 uses this, while it answers. */
	struct part_answer news;
};

struct shared_journal {
	size_t loops;
	struct journal_part *parts; /* owned */
	struct journal *disk; /* owned; NULL: it is not open */

	uv_mutex_t mutex; /* of these three; held from next_number to append */
	uint64_t number; /* of the newest message */
	struct intake intake;
	struct closed_segments closed; /* a copy, for newest_older_than */

	/* Only part 0 uses these. */
	struct intake spare; /* empty, with memory for the next messages */
	struct {
		struct in_flight *at;
		size_t first, count, cap; /* `first` of them are answered */
	} in_flight;
	uint64_t answered; /* ticket of the journal on the disk */

	uv_async_t wake; /* a part has committed */
	struct mailbox inbox; /* reads for the other parts */
	atomic_uint_fast64_t newest_removed;
	atomic_bool late; /* the disk does not answer */
};

/* Returns what a message counts in unwritten_bytes. */
static inline size_t
message_bytes(size_t len)
{
	return len + sizeof(struct intake_line);
}

/* ---- shared_journal.c ---- */

/* Functions of journal_kind that are the same for all parts. */
uint64_t shared_part_next_number(struct journal *journal);
uint64_t shared_part_append(
	struct journal *journal, const struct journal_line *line, struct chat_span text);
bool shared_part_is_settled(const struct journal *journal);
uint64_t shared_part_newest_removed(const struct journal *journal);
uint64_t shared_part_newest_older_than(const struct journal *journal, int64_t time_ms);

/* Reports an answer to the loop of the part, on its thread. */
void shared_part_take_answer(struct journal_part *part, const struct part_answer *answer);

/* Frees the memory of an intake, and empties it. */
void shared_intake_free(struct intake *intake);

/* ---- shared_owner.c ---- */

extern const struct journal_kind shared_owner_kind; /* of part 0 */

/* ---- shared_reads.c ---- */

/* journal_kind.read_page and read_newest of all parts but part 0. */
void shared_read_page(struct journal *journal, struct journal_page_read *read);
void shared_read_newest(struct journal *journal, struct journal_newest_read *read);

/* Begins a read on the loop of part 0 (the inbox's on_letter). */
void shared_read_begin(void *arg, struct letter *letter);

/* Returns a read that was not begun to its part, without a result. */
void shared_read_refuse(struct shared_read *read);

/* Ends a read that has come back: calls `done`, and frees it. */
void shared_read_end(struct shared_read *read);

/* Ends the reads that have not come back, without a result. */
void shared_reads_abandon(struct journal_part *part);

#endif
