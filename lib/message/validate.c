/*
 * Validators: their settings and results, and the pieces of a text, which become whole lines here
 * for validate_lines.c.
 */
#include "chat/validate.h"

#include <stdlib.h>
#include <string.h>

#include "message/scan.h"
#include "message/validator_private.h"
#include "text/err.h"

#define HELD_MIN 512

/* A shorter text is parsed in less time than it takes to make a scanner. */
#define SCAN_LEAST 4096

_Static_assert(CHAT_TYPES <= CHAT_COUNTS_TYPES, "each type has its count");

/* ---- making ---- */

int
chat_validator_set_scan(struct chat_validator *validator, int variant)
{
	chat_scan_free(validator->scan);
	validator->scan = NULL;
	if (variant < 0)
		return 0;
	validator->scan = chat_scan_new(validator->from, (enum chat_scan_variant)variant);
	return validator->scan ? 0 : -1;
}

/* Returns a validator without a scanner, or NULL if there is no memory. */
static struct chat_validator *
new_parser(enum chat_direction from, unsigned flags, size_t max_line_bytes)
{
	struct chat_validator *validator = calloc(1, sizeof(*validator));

	if (!validator)
		return NULL;
	validator->from = from;
	validator->strict = (flags & CHAT_VALIDATE_STRICT) != 0;
	validator->max_line = max_line_bytes ? max_line_bytes : SIZE_MAX;
	return validator;
}

struct chat_validator *
chat_validator_new(enum chat_direction from, unsigned flags, size_t max_line_bytes)
{
	struct chat_validator *validator = new_parser(from, flags, max_line_bytes);

	if (validator && !validator->strict &&
		chat_validator_set_scan(validator, (int)chat_scan_best()) < 0) {
		free(validator);
		return NULL;
	}
	return validator;
}

void
chat_validator_free(struct chat_validator *validator)
{
	if (!validator)
		return;
	chat_scan_free(validator->scan);
	free(validator->held);
	free(validator);
}

void
chat_validator_on_finding(struct chat_validator *validator, chat_validate_report *report, void *arg)
{
	validator->report = report;
	validator->report_arg = arg;
}

void
chat_validator_on_message(
	struct chat_validator *validator, chat_validate_message *message, void *arg)
{
	validator->message = message;
	validator->message_arg = arg;
}

void
chat_validator_on_lines(struct chat_validator *validator, chat_validate_lines *lines, void *arg)
{
	validator->lines = lines;
	validator->lines_arg = arg;
}

/* ---- results ---- */

const struct chat_counts *
chat_validator_counts(const struct chat_validator *validator)
{
	return &validator->counts;
}

struct chat_span
chat_validator_line(const struct chat_validator *validator)
{
	return validator->line;
}

/* ---- pieces ---- */

static int
fail_memory(struct chat_err *err)
{
	return chat_fail(err, CHAT_NO_MEMORY, "out of memory");
}

/* Adds bytes to the beginning of a line that is held. Returns 0, or -1 if there is no memory. */
static int
hold(struct chat_validator *validator, const char *bytes, size_t len)
{
	size_t need = validator->held_len + len + 1 + CHAT_SCAN_PADDING;
	size_t cap = validator->held_cap ? validator->held_cap : HELD_MIN;
	char *held;

	while (cap < need)
		cap = cap < SIZE_MAX / 2 ? 2 * cap : need;
	if (cap > validator->held_cap) {
		held = realloc(validator->held, cap);
		if (!held)
			return -1;
		validator->held = held;
		validator->held_cap = cap;
	}
	if (len > 0)
		memcpy(validator->held + validator->held_len, bytes, len);
	validator->held_len += len;
	return 0;
}

/* Checks the lines that are held; the last byte must be a newline. */
static int
check_held(struct chat_validator *validator, bool cut_off)
{
	struct chat_span text = {validator->held, validator->held_len};

	validator->held_len = 0;
	memset(validator->held + text.len, 0, CHAT_SCAN_PADDING);
	return chat_validator_check_lines(validator, text, true, cut_off);
}

/* Holds the beginning of a line, unless it is longer than the limit already. */
static int
hold_rest(struct chat_validator *validator, struct chat_span rest)
{
	if (rest.len <= validator->max_line &&
		validator->held_len <= validator->max_line - rest.len)
		return rest.len > 0 ? hold(validator, rest.at, rest.len) : 0;
	validator->held_len = 0;
	validator->skipping = true;
	chat_validator_skip_line(validator);
	return 0;
}

/*
 * Completes the line of which the beginning is held or was skipped. Moves *bytes past it, to the
 * end if it does not end there.
 */
static int
complete(struct chat_validator *validator, struct chat_span *bytes)
{
	const char *newline = memchr(bytes->at, '\n', bytes->len);
	size_t len = newline ? (size_t)(newline - bytes->at) + 1 : bytes->len;
	struct chat_span front = {bytes->at, len};

	*bytes = (struct chat_span){bytes->at + len, bytes->len - len};
	if (validator->skipping) {
		validator->skipping = !newline;
		return 0;
	}
	if (!newline)
		return hold_rest(validator, front);
	if (len - 1 > validator->max_line - validator->held_len) {
		validator->held_len = 0;
		chat_validator_skip_line(validator);
		return 0;
	}
	if (hold(validator, front.at, len) < 0)
		return -1;
	return check_held(validator, false);
}

/*
 * Checks whole lines. The scanner reads beyond them, but not beyond `end`: so the last lines are
 * copied.
 */
static int
check_whole(struct chat_validator *validator, struct chat_span text, const char *end)
{
	size_t behind = (size_t)(end - (text.at + text.len)), ahead = text.len;
	const char *newline = NULL;
	struct chat_span tail;

	if (behind < CHAT_SCAN_PADDING) {
		size_t reach = CHAT_SCAN_PADDING - behind; /* bytes of text that are padding only */

		if (text.len > reach)
			newline = memrchr(text.at, '\n', text.len - reach);
		ahead = newline ? (size_t)(newline - text.at) + 1 : 0;
	}
	if (chat_validator_check_lines(validator, (struct chat_span){text.at, ahead}, true, false) <
		0)
		return -1;
	tail = (struct chat_span){text.at + ahead, text.len - ahead};
	if (tail.len == 0)
		return 0;
	if (!validator->scan || hold(validator, tail.at, tail.len) < 0)
		return chat_validator_check_lines(validator, tail, false, false);
	return check_held(validator, false);
}

static int
feed(struct chat_validator *validator, struct chat_span bytes)
{
	const char *newline, *end = bytes.at + bytes.len;
	size_t len;

	while (bytes.len > 0 && (validator->skipping || validator->held_len > 0))
		if (complete(validator, &bytes) < 0)
			return -1;
	if (bytes.len == 0)
		return 0;
	newline = memrchr(bytes.at, '\n', bytes.len);
	len = newline ? (size_t)(newline - bytes.at) + 1 : 0;
	if (len > 0 && check_whole(validator, (struct chat_span){bytes.at, len}, end) < 0)
		return -1;
	return hold_rest(validator, (struct chat_span){bytes.at + len, bytes.len - len});
}

int
chat_validator_feed(struct chat_validator *validator, struct chat_span bytes, struct chat_err *err)
{
	return feed(validator, bytes) < 0 ? fail_memory(err) : 0;
}

int
chat_validator_end(struct chat_validator *validator, struct chat_err *err)
{
	int result = 0;

	validator->skipping = false;
	if (validator->held_len > 0)
		result = hold(validator, "\n", 1) < 0 ? -1 : check_held(validator, true);
	validator->number = 0;
	return result < 0 ? fail_memory(err) : 0;
}

void
chat_validator_reset(struct chat_validator *validator)
{
	validator->counts = (struct chat_counts){.lines = 0};
	validator->number = 0;
	validator->held_len = 0;
	validator->skipping = false;
}

int
chat_validate(struct chat_span text, enum chat_direction from, unsigned flags,
	chat_validate_report *report, void *arg, struct chat_counts *counts, struct chat_err *err)
{
	struct chat_validator *validator = text.len < SCAN_LEAST
		? new_parser(from, flags, 0)
		: chat_validator_new(from, flags, 0);
	int result;

	if (!validator)
		return fail_memory(err);
	chat_validator_on_finding(validator, report, arg);
	result = chat_validator_feed(validator, text, err);
	if (result == 0)
		result = chat_validator_end(validator, err);
	if (result == 0)
		result = validator->counts.invalid > 0;
	if (counts)
		*counts = validator->counts;
	chat_validator_free(validator);
	return result;
}
