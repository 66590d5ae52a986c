/*
 * The validator of the library: the same results for one call and for pieces of every size, without
 * a byte read beyond the text; verdicts that hold all bytes of the text; limits; findings of the
 * caller.
 */
#include "chat/validate.h"

#include <stdlib.h>

#include "guard.h"
#include "message/scan.h"
#include "message/validator.h"
#include "tap.h"
#include "text/buf.h"

#define GOOD "{\"type\":\"text\",\"text\":\"hi\"}"
#define LONG "{\"type\":\"text\",\"text\":\"0123456789012345678901234567890123456789\"}"
#define BAD "{\"type\":\"text\"}"

static const char text[] = GOOD "\n" BAD "\n\n" GOOD "\r\n  \n" LONG "\n" GOOD "\n" GOOD "\n" GOOD
				"\n{\"type\":\"text\",\"text\":\"\xE4\xBD\"}\n" GOOD "\n" BAD;

struct seen {
	struct chat_buf findings, lines;
	uint64_t counted;
};

static void
on_finding(void *arg, uint64_t line, const struct chat_err *finding)
{
	struct seen *seen = arg;

	chat_buf_printf(&seen->findings, "%d:%zu:%s ", (int)line, finding->offset,
		chat_code_word(finding->code));
}

static void
on_lines(void *arg, enum chat_verdict verdict, uint64_t first, uint64_t count,
	struct chat_span lines)
{
	struct seen *seen = arg;

	if (first != seen->counted + 1)
		chat_buf_append_string(&seen->findings, "gap ");
	seen->counted += count;
	for (size_t i = 0; i < lines.len; i++) {
		char kind = lines.at[i] == '\n' ? '\n' : "vibt"[verdict];

		chat_buf_append(&seen->lines, &kind, 1);
	}
	if (verdict == CHAT_VERDICT_TOO_LONG)
		chat_buf_append_string(&seen->lines, "t\n");
}

static void
run(struct chat_validator *validator, struct seen *seen, size_t piece)
{
	size_t len = sizeof(text) - 1;

	seen->findings.len = seen->lines.len = 0;
	seen->counted = 0;
	chat_validator_reset(validator);
	chat_validator_on_finding(validator, on_finding, seen);
	chat_validator_on_lines(validator, on_lines, seen);
	for (size_t at = 0; at < len; at += piece) {
		size_t some = piece < len - at ? piece : len - at;

		if (chat_validator_feed(
			    validator, chat_span_make(guard_copy(text + at, some), some), NULL) < 0)
			abort();
	}
	if (chat_validator_end(validator, NULL) < 0)
		abort();
	chat_buf_append(&seen->findings, "", 1);
	chat_buf_append(&seen->lines, "", 1);
}

#define WANT_FINDINGS "2:14:bad_message 10:23:bad_utf8 12:14:bad_message "

static void
test_pieces(size_t limit, const char *findings)
{
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_CLIENT, 0, limit);
	struct seen whole = {.counted = 0}, pieces = {.counted = 0};
	struct chat_counts counts;
	size_t wrong = 0;

	run(validator, &whole, sizeof(text));
	counts = *chat_validator_counts(validator);
	is_str(whole.findings.at, findings, "findings with a limit of %zu bytes", limit);
	is_int(counts.lines, 12, "lines");
	is_int(counts.blank, 2, "blank lines");
	is_int(counts.valid + counts.invalid, 10, "the others are valid or not");
	is_int(counts.types[CHAT_TYPE_TEXT], counts.valid, "and of a type");
	is_int(whole.counted, 12, "each has a verdict");
	for (int variant = -1; variant < CHAT_SCAN_VARIANTS; variant++) {
		if (variant >= 0 && !chat_scan_can((enum chat_scan_variant)variant))
			continue;
		chat_validator_set_scan(validator, variant);
		for (size_t piece = 1; piece <= sizeof(text); piece++) {
			run(validator, &pieces, piece);
			wrong += strcmp(pieces.findings.at, whole.findings.at) != 0 ||
				strcmp(pieces.lines.at, whole.lines.at) != 0 ||
				memcmp(&counts, chat_validator_counts(validator), sizeof(counts)) !=
					0;
		}
	}
	is_int(wrong, 0, "the same for pieces of every size");
	chat_buf_free(&whole.findings);
	chat_buf_free(&whole.lines);
	chat_buf_free(&pieces.findings);
	chat_buf_free(&pieces.lines);
	chat_validator_free(validator);
}

static void
test_lines(void)
{
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_CLIENT, 0, 0);
	struct seen seen = {.counted = 0};
	size_t wrong = 0;

	run(validator, &seen, 7);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		wrong += (seen.lines.at[i] == '\n') != (text[i] == '\n');
	is_int(wrong, 0, "the lines with their verdicts are the text, byte for byte");
	is_int(seen.lines.len, sizeof(text), "no more and no less");
	chat_buf_free(&seen.findings);
	chat_buf_free(&seen.lines);
	chat_validator_free(validator);
}

/* The message that was valid is refused. */
static void
on_message(void *arg, const struct chat_msg *msg)
{
	struct chat_err finding = {.code = CHAT_BAD_MESSAGE, .text = "not here"};

	if (chat_msg_has(msg, CHAT_SLOT_TEXT) && msg->value[CHAT_SLOT_TEXT].points == 2)
		chat_validator_report(arg, &finding);
}

static void
test_own_findings(void)
{
	struct chat_validator *validator = chat_validator_new(CHAT_FROM_CLIENT, 0, 0);
	const struct chat_counts *counts = chat_validator_counts(validator);

	chat_validator_on_message(validator, on_message, validator);
	chat_validator_feed(validator, CHAT_SPAN(GOOD "\n" LONG "\n" GOOD "\n"), NULL);
	is_int(counts->invalid, 2, "a function of the caller refuses messages");
	is_int(counts->valid, 1, "and leaves others");
	is_int(counts->findings, 2, "its findings are counted");
	chat_validator_free(validator);
}

static void
test_one_call(void)
{
	static const char one[] = GOOD;
	struct chat_counts counts;
	size_t len = sizeof(one) - 1;
	struct chat_span twice = CHAT_SPAN("{\"type\":\"text\",\"text\":\"a\",\"x\":1,\"x\":2}");

	is_int(chat_validate(chat_span_make(guard_copy(one, len), len), CHAT_FROM_CLIENT, 0, NULL,
		       NULL, &counts, NULL),
		0, "a valid line at the end of memory");
	is_int(counts.valid, 1, "is counted");
	is_int(chat_validate(CHAT_SPAN(GOOD), CHAT_FROM_SERVER, 0, NULL, NULL, NULL, NULL), 1,
		"a server does not say it");
	is_int(chat_validate(chat_span_make(NULL, 0), CHAT_FROM_ANY, 0, NULL, NULL, &counts, NULL),
		0, "no text is valid");
	is_int(counts.lines, 0, "and has no line");
	is_int(chat_validate(twice, CHAT_FROM_ANY, 0, NULL, NULL, NULL, NULL), 0,
		"an unknown key twice");
	is_int(chat_validate(twice, CHAT_FROM_ANY, CHAT_VALIDATE_STRICT, NULL, NULL, NULL, NULL), 1,
		"is wrong with strict");
	is_int(chat_validate(CHAT_SPAN("\n"), CHAT_FROM_ANY, CHAT_VALIDATE_STRICT, NULL, NULL, NULL,
		       NULL),
		1, "and so is a blank line");
}

/* A text that is long enough for the scanner, at the end of memory. */
static void
test_long_text(void)
{
	struct chat_buf many = {0};
	struct chat_counts counts;
	char *at;

	for (int i = 0; i < 100; i++) {
		chat_buf_append(&many, text, sizeof(text) - 1);
		chat_buf_append(&many, "\n", 1);
	}
	at = guard_copy(many.at, many.len);
	is_int(chat_validate(chat_span_make(at, many.len), CHAT_FROM_CLIENT, 0, NULL, NULL, &counts,
		       NULL),
		1, "a long text in one call");
	is_int(counts.lines, 1200, "has all its lines");
	is_int(counts.valid, 700, "the valid ones");
	is_int(counts.findings, 300, "and the findings");
	chat_buf_free(&many);
}

int
main(void)
{
	test_pieces(0, WANT_FINDINGS);
	test_pieces(60, "2:14:bad_message 6:0:too_large 10:23:bad_utf8 12:14:bad_message ");
	test_lines();
	test_own_findings();
	test_one_call();
	test_long_text();
	return done();
}
