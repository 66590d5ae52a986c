/*
 * Findings as NDJSON, for programs. Each finding is an object. If findings are hidden, an object
 * has `hidden`; the statistics are an object `stats`.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "message/encode.h"
#include "message/rules.h"
#include "text/show.h"
#include "validate/format.h"

void
format_string(struct chat_buf *out, const char *string)
{
	char *quoted = chat_encode_string(chat_span_of(string));

	chat_buf_append_string(out, quoted);
	free(quoted);
}

void
format_file_name(struct chat_buf *out, const char *file)
{
	struct chat_buf shown = {0};

	chat_show(&shown, chat_span_of(file));
	chat_buf_append(&shown, "", 1);
	format_string(out, shown.at);
	chat_buf_free(&shown);
}

static void
json_finding(struct chat_buf *out, const struct finding *finding)
{
	const struct chat_err *error = finding->error;

	chat_buf_append_string(out, "{\"file\":");
	format_file_name(out, finding->file);
	chat_buf_printf(out,
		",\"line\":%" PRIu64 ",\"column\":%zu,\"code\":\"%s\",\"field\":", finding->line,
		error->offset + 1, chat_code_word(error->code));
	format_string(out, error->field);
	chat_buf_append_string(out, ",\"message\":");
	format_string(out, error->text);
	chat_buf_append_string(out, "}\n");
}

static void
json_file(struct chat_buf *out, const struct file_result *result)
{
	if (result->hidden == 0)
		return;
	chat_buf_append_string(out, "{\"file\":");
	format_file_name(out, result->file);
	chat_buf_printf(out, ",\"hidden\":%" PRIu64 "}\n", result->hidden);
}

/* Appends a member with a count, unless the count is 0. */
static void
put_count(struct chat_buf *out, const char *word, uint64_t count, const char **separator)
{
	if (count == 0)
		return;
	chat_buf_printf(out, "%s\"%s\":%" PRIu64, *separator, word, count);
	*separator = ",";
}

static void
json_stats(struct chat_buf *out, const struct stats *stats)
{
	const char *separator = "";

	chat_buf_printf(out,
		"{\"stats\":{\"lines\":%" PRIu64 ",\"valid\":%" PRIu64 ",\"invalid\":%" PRIu64
		",\"blank\":%" PRIu64 ",\"findings\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"bytesPerSecond\":%" PRIu64 ",\"types\":{",
		stats->lines, stats->valid, stats->invalid, stats->blank, stats->findings,
		stats->bytes, stats_bytes_per_second(stats));
	for (int type = 0; type < CHAT_TYPES; type++)
		put_count(out, chat_rules[type].word, stats->types[type], &separator);
	chat_buf_append_string(out, "},\"errors\":{");
	separator = "";
	for (int code = 0; code < CHAT_CODES; code++)
		put_count(
			out, chat_code_word((enum chat_code)code), stats->codes[code], &separator);
	chat_buf_append_string(out, "}}}\n");
}

const struct format format_json = {
	.name = "json", .finding = json_finding, .file = json_file, .stats = json_stats};
