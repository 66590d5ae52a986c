/* Findings as workflow commands of GitHub Actions, which shows a finding at its line. */
#include <inttypes.h>

#include "text/show.h"
#include "validate/format.h"

/*
 * Appends a string with "%" percent-encoded, and also ":" and "," in a property. The string must
 * have no line breaks.
 */
static void
put_escaped(struct chat_buf *out, const char *string, bool property)
{
	for (; *string; string++)
		if (*string == '%' || (property && (*string == ':' || *string == ',')))
			chat_buf_printf(out, "%%%02X", (unsigned)*string);
		else
			chat_buf_append(out, string, 1);
}

static void
put_file(struct chat_buf *out, const char *file)
{
	struct chat_buf shown = {0};

	chat_show(&shown, chat_span_of(file));
	chat_buf_append(&shown, "", 1);
	put_escaped(out, shown.at, true);
	chat_buf_free(&shown);
}

static void
github_finding(struct chat_buf *out, const struct finding *finding)
{
	const struct chat_err *error = finding->error;

	chat_buf_append_string(out, "::error file=");
	put_file(out, finding->file);
	chat_buf_printf(out, ",line=%" PRIu64 ",col=%zu,title=%s::", finding->line,
		finding->point + 1, chat_code_word(error->code));
	if (error->field[0]) {
		put_escaped(out, error->field, false);
		chat_buf_append_string(out, ": ");
	}
	put_escaped(out, error->text, false);
	chat_buf_append_string(out, "\n");
}

static void
github_file(struct chat_buf *out, const struct file_result *result)
{
	if (result->hidden == 0)
		return;
	chat_buf_append_string(out, "::notice file=");
	put_file(out, result->file);
	chat_buf_printf(out, "::%" PRIu64 " more not shown\n", result->hidden);
}

static void
github_stats(struct chat_buf *out, const struct stats *stats)
{
	chat_buf_printf(out,
		"::notice::%" PRIu64 " lines, %" PRIu64 " valid, %" PRIu64 " invalid, %" PRIu64
		" findings\n",
		stats->lines, stats->valid, stats->invalid, stats->findings);
}

const struct format format_github = {.name = "github",
	.counts_points = true,
	.finding = github_finding,
	.file = github_file,
	.stats = github_stats};
