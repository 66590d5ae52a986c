/*
 * Findings as compilers write them, so that editors and people know where to look.
 */
#include <inttypes.h>

#include "show.h"
#include "validate/format.h"

static void
put_number(struct chat_buf *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	chat_buf_append(out, digits + at, sizeof(digits) - at);
}

/* There can be millions: printf would take longer than finding them. */
static void
text_finding(struct chat_buf *out, const struct finding *finding)
{
	const struct chat_err *error = finding->error;

	chat_buf_append_string(out, finding->shown_file);
	chat_buf_append_string(out, ":");
	put_number(out, finding->line);
	chat_buf_append_string(out, ":");
	put_number(out, error->offset + 1);
	chat_buf_append_string(out, ": error: ");
	chat_buf_append_string(out, error->field);
	chat_buf_append_string(out, error->field[0] ? ": " : "");
	chat_buf_append_string(out, error->text);
	chat_buf_append_string(out, "\n");
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
