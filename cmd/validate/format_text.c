/* Findings in the form of compiler errors, which editors know: FILE:LINE:COLUMN: error: TEXT. */
#include <inttypes.h>

#include "message/rules.h"
#include "text/show.h"
#include "validate/format.h"

#define NUMBER_BYTES 20

/* Writes a number in decimal, without a NUL. Returns the position after it. */
static char *
put_number(char *at, uint64_t number)
{
	char digits[NUMBER_BYTES];
	size_t first = sizeof(digits);

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return mempcpy(at, digits + first, sizeof(digits) - first);
}

/* There may be millions of findings, and printf would take more time than the checks. */
static void
text_finding(struct chat_buf *out, const struct finding *finding)
{
	const struct chat_err *error = finding->error;
	size_t most = strlen(finding->shown_file) + 2 * NUMBER_BYTES + sizeof("::: error: : \n") +
		sizeof(error->field) + sizeof(error->text);
	char *at = chat_buf_reserve(out, most);

	at = stpcpy(at, finding->shown_file);
	*at++ = ':';
	at = put_number(at, finding->line);
	*at++ = ':';
	at = put_number(at, error->offset + 1);
	at = stpcpy(at, ": error: ");
	at = stpcpy(at, error->field);
	at = stpcpy(at, error->field[0] ? ": " : "");
	at = stpcpy(at, error->text);
	*at++ = '\n';
	out->len = (size_t)(at - out->at);
}

static void
text_file(struct chat_buf *out, const struct file_result *result)
{
	if (result->hidden == 0)
		return;
	chat_show(out, chat_span_of(result->file));
	chat_buf_printf(out, ": note: %" PRIu64 " more not shown (--max-errors 0 shows all)\n",
		result->hidden);
}

static void
put_count(struct chat_buf *out, const char *what, const char *which, uint64_t count)
{
	if (count > 0)
		chat_buf_printf(out, "%s %s: %" PRIu64 "\n", what, which, count);
}

static void
text_stats(struct chat_buf *out, const struct stats *stats)
{
	chat_buf_printf(out,
		"lines: %" PRIu64 "\nvalid: %" PRIu64 "\ninvalid: %" PRIu64 "\nblank: %" PRIu64
		"\nfindings: %" PRIu64 "\nbytes: %" PRIu64 "\nrate: %.1f MB/s\n",
		stats->lines, stats->valid, stats->invalid, stats->blank, stats->findings,
		stats->bytes, (double)stats_bytes_per_second(stats) / 1e6);
	for (int type = 0; type < CHAT_TYPES; type++)
		put_count(out, "type", chat_rules[type].word, stats->types[type]);
	for (int code = 0; code < CHAT_CODES; code++)
		put_count(out, "error", chat_code_word((enum chat_code)code), stats->codes[code]);
}

const struct format format_text = {
	.name = "text", .finding = text_finding, .file = text_file, .stats = text_stats};
