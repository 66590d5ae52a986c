/*
 * The Test Anything Protocol: each file is a test, and its findings are comments before the result.
 */
#include <inttypes.h>

#include "text/show.h"
#include "validate/format.h"

static void
tap_begin(struct chat_buf *out)
{
	chat_buf_append_string(out, "TAP version 13\n");
}

static void
tap_finding(struct chat_buf *out, const struct finding *finding)
{
	chat_buf_append_string(out, "# ");
	format_text.finding(out, finding);
}

/* Appends the result of a file. A "#" in the name would begin a directive, so "_" is written. */
static void
tap_file(struct chat_buf *out, const struct file_result *result)
{
	bool good = result->invalid == 0 && !result->unreadable;
	size_t name;

	if (result->hidden > 0)
		chat_buf_printf(out, "# %" PRIu64 " more not shown\n", result->hidden);
	chat_buf_printf(out, "%s %" PRIu64 " - ", good ? "ok" : "not ok", result->number);
	name = out->len;
	chat_show(out, chat_span_of(result->file));
	for (size_t i = name; i < out->len; i++)
		if (out->at[i] == '#')
			out->at[i] = '_';
	chat_buf_append_string(out, "\n");
}

static void
tap_stats(struct chat_buf *out, const struct stats *stats)
{
	struct chat_buf text = {0};

	format_text.stats(&text, stats);
	for (const char *at = text.at, *end = text.at + text.len; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		chat_buf_printf(out, "# %.*s\n", (int)(newline - at), at);
		at = newline + 1;
	}
	chat_buf_free(&text);
}

static void
tap_end(struct chat_buf *out, uint64_t files)
{
	chat_buf_printf(out, "1..%" PRIu64 "\n", files);
}

const struct format format_tap = {.name = "tap",
	.begin = tap_begin,
	.finding = tap_finding,
	.file = tap_file,
	.stats = tap_stats,
	.end = tap_end};
