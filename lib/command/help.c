/*
 * What --help prints, made of the option table: two columns under headings, for a terminal of 80.
 */
#include "command/help.h"

#include <errno.h>
#include <string.h>

#include "chat/utf8.h"

#define HELP_WIDTH 80
#define HELP_COLUMN_MAX 30 /* options longer than that have their help on the next line */

/* What --help shows in its left column. */
static void
write_left(struct chat_buf *out, const struct chat_opt *opt)
{
	const char *argument = chat_opt_takes_argument(opt) ? opt->argument : NULL;
	const char *open = opt->optional ? "[" : "", *close = opt->optional ? "]" : "";

	if (opt->letter && opt->name)
		chat_buf_printf(out, "  -%c, --%s", opt->letter, opt->name);
	else if (opt->name)
		chat_buf_printf(out, "      --%s", opt->name);
	else
		chat_buf_printf(out, "  -%c", opt->letter);
	if (argument && opt->name)
		chat_buf_printf(out, "%s=%s%s", open, argument, close);
	else if (argument)
		chat_buf_printf(out, "%s%s%s", opt->optional ? open : " ", argument, close);
}

/* Whether it is told of at all. */
static bool
is_option(const struct chat_opt *opt)
{
	return opt->kind != CHAT_OPT_HEADING && opt->kind != CHAT_OPT_REFUSED;
}

/* Where the right column begins. */
static size_t
help_column(const struct chat_opt *table)
{
	struct chat_buf left = {0};
	size_t column = 0, width;

	for (; table->letter || table->name; table++) {
		if (!is_option(table))
			continue;
		left.len = 0;
		write_left(&left, table);
		width = chat_utf8_count(left.at, left.len) + 2;
		if (width > column && width <= HELP_COLUMN_MAX)
			column = width;
	}
	chat_buf_free(&left);
	return column;
}

/* Words from the column on, broken before HELP_WIDTH; at is where the cursor stands. */
static void
write_right(struct chat_buf *out, const char *words, size_t column, size_t at)
{
	if (at + 2 > column) {
		chat_buf_append_string(out, "\n");
		at = 0;
	}
	while (*words) {
		size_t len = strcspn(words, " "), width = chat_utf8_count(words, len);

		if (at > column && at + 1 + width > HELP_WIDTH) {
			chat_buf_append_string(out, "\n");
			at = 0;
		}
		chat_buf_printf(
			out, "%*s%.*s", at < column ? (int)(column - at) : 1, "", (int)len, words);
		at = (at < column ? column : at + 1) + width;
		words += len + strspn(words + len, " ");
	}
	chat_buf_append_string(out, "\n");
}

static void
write_options(struct chat_buf *out, const struct chat_opt *table, size_t column)
{
	size_t begin;

	for (; table->letter || table->name; table++) {
		if (table->kind == CHAT_OPT_HEADING) {
			chat_buf_printf(out, "\n%s:\n", table->name);
			continue;
		}
		if (!is_option(table))
			continue;
		begin = out->len;
		write_left(out, table);
		write_right(out, table->help, column,
			chat_utf8_count(out->at + begin, out->len - begin));
	}
}

static void
write_synopsis(struct chat_buf *out, const char *synopsis)
{
	const char *margin = "Usage:";

	for (;;) {
		size_t len = strcspn(synopsis, "\n");

		chat_buf_printf(out, "%-6s %s %.*s\n", margin, program_invocation_short_name,
			(int)len, synopsis);
		if (synopsis[len] == '\0')
			return;
		synopsis += len + 1;
		margin = "";
	}
}

void
chat_help_write(struct chat_buf *out, const struct chat_opt *table, const struct chat_opt *more,
	const struct chat_usage *usage)
{
	size_t column = help_column(table), other = help_column(more);

	if (other > column)
		column = other;
	write_synopsis(out, usage->synopsis);
	chat_buf_printf(out, "%s\n", usage->about);
	if (table->kind != CHAT_OPT_HEADING)
		chat_buf_append_string(out, "\n");
	write_options(out, table, column);
	write_options(out, more, column);
	if (usage->epilogue)
		chat_buf_printf(out, "\n%s\n", usage->epilogue);
}
