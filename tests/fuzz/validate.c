/*
 * Any bytes as a text of lines, through the public interface alone: the validator agrees with
 * chat_msg_check() line by line, in one call and in pieces, with the scanner and without it. The
 * first byte chooses the direction, strictness and the size of the pieces. The text has no byte
 * behind it, so that a read beyond it is found.
 */
#include <chat/validate.h>
#include <stdlib.h>

#include "fuzz.h"

struct seen {
	struct chat_span text; /* what the function for lines has not seen yet */
	uint64_t findings, hash, line;
};

static void
ignore(void *arg, const struct chat_err *finding)
{
	(void)arg;
	(void)finding;
}

static void
on_finding(void *arg, uint64_t line, const struct chat_err *finding)
{
	struct seen *seen = arg;

	need(line == seen->line + 1 && finding->code != CHAT_OK && finding->text[0]);
	seen->findings++;
	seen->hash = seen->hash * 31 + line * 7 + finding->offset + (uint64_t)finding->code;
}

static void
on_lines(void *arg, enum chat_verdict verdict, uint64_t first, uint64_t count,
	struct chat_span lines)
{
	struct seen *seen = arg;

	need(first == seen->line + 1 && count > 0);
	seen->line += count;
	need(verdict == CHAT_VERDICT_VALID || count == 1);
	need(lines.len <= seen->text.len && memcmp(lines.at, seen->text.at, lines.len) == 0);
	seen->text = chat_span_make(seen->text.at + lines.len, seen->text.len - lines.len);
	while (count-- > 0)
		seen->hash = seen->hash * 31 + (uint64_t)verdict;
}

static void
on_message(void *arg, const struct chat_msg *msg)
{
	(void)arg;
	need(msg->type != CHAT_TYPE_UNKNOWN);
}

/* Checks the text in pieces. Returns the hash of all that was said about it. */
static uint64_t
check(struct chat_validator *validator, struct chat_span text, size_t piece)
{
	struct seen seen = {.text = text};

	chat_validator_reset(validator);
	chat_validator_on_finding(validator, on_finding, &seen);
	chat_validator_on_lines(validator, on_lines, &seen);
	for (size_t at = 0; at < text.len; at += piece) {
		size_t len = piece < text.len - at ? piece : text.len - at;
		char *copy = malloc(len);

		memcpy(copy, text.at + at, len);
		need(chat_validator_feed(validator, chat_span_make(copy, len), NULL) == 0);
		free(copy);
	}
	need(chat_validator_end(validator, NULL) == 0);
	need(seen.text.len == 0);
	need(seen.findings == chat_validator_counts(validator)->findings);
	need(seen.line == chat_validator_counts(validator)->lines);
	return seen.hash;
}

/* Returns the number of lines in which chat_msg_check finds something. */
static uint64_t
count_invalid(struct chat_span text, enum chat_direction from, bool strict)
{
	uint64_t invalid = 0;

	while (text.len > 0) {
		const char *newline = memchr(text.at, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.at) : text.len, at = 0;

		while (at < len && memchr(" \t\r", text.at[at], 3))
			at++;
		if (at < len || strict)
			invalid += chat_msg_check(NULL, chat_span_make(text.at, len), from,
					   strict ? CHAT_MSG_STRICT : 0, ignore, NULL) != 0;
		len += newline != NULL;
		text = chat_span_make(text.at + len, text.len - len);
	}
	return invalid;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned choice = size ? data[0] : 0;
	enum chat_direction from = (enum chat_direction)(choice % 4 + 1);
	bool strict = (choice & 0x10) != 0;
	size_t piece = (choice & 0x60) == 0 ? 1 : (choice & 0x60u) + choice % 4,
	       len = size - (size > 0);
	char *copy = malloc(len ? len : 1);
	struct chat_span text = {copy, len};
	struct chat_validator *validator = chat_validator_new(from, strict, 0);
	struct chat_counts counts;
	uint64_t hash;

	memcpy(copy, data + (size > 0), len);
	need(chat_validate(text, from, strict, NULL, NULL, &counts, NULL) == (counts.invalid > 0));
	need(counts.lines == counts.valid + counts.invalid + counts.blank);
	need(counts.invalid == count_invalid(text, from, strict));
	hash = check(validator, text, len ? len : 1);
	need(memcmp(&counts, chat_validator_counts(validator), sizeof(counts)) == 0);
	need(check(validator, text, piece) == hash);
	chat_validator_on_message(validator, on_message, NULL);
	need(check(validator, text, piece) == hash);
	chat_validator_free(validator);
	free(copy);
	return 0;
}
