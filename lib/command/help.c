/*
 * Writes the text of --help from the option list, in two columns, for a terminal of 80 columns.
 */
#include "command/help.h"

#include <errno.h>
#include <string.h>

#include "command/units.h"
#include "text/utf8.h"

#define HELP_WIDTH 80
#define HELP_COLUMN_MAX 30 /* the help of an option that is longer is on the next line */

/* Appends the left column: "  -n, --name=ARGUMENT". */
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

/* Returns the column at which the right column begins. */
static size_t
find_column(const struct chat_opt_list *list)
{
	struct chat_buf left = {0};
	size_t column = 0, width;

	for (size_t i = 0; i < list->count; i++) {
		if (!chat_opt_is_listed(list->at[i].opt))
			continue;
		left.len = 0;
		write_left(&left, list->at[i].opt);
		width = chat_utf8_count(left.at, left.len) + 2;
		if (width > column && width <= HELP_COLUMN_MAX)
			column = width;
	}
	chat_buf_free(&left);
	return column;
}

/* Appends the default of an option in the form of a command line. */
static void
write_default(struct chat_buf *out, const struct chat_opt_entry *entry)
{
	const struct chat_opt *opt = entry->opt;
	int64_t value = entry->initial == -1 ? opt->implied : entry->initial;

	if (opt->kind == CHAT_OPT_CHOICE)
		chat_buf_append_string(out, opt->choices[value]);
	else if (opt->kind == CHAT_OPT_DURATION)
		chat_duration_write(out, value);
	else if (opt->kind == CHAT_OPT_SIZE)
		chat_size_write(out, value);
	else
		chat_buf_printf(out, "%lld", (long long)value);
}

/* Appends the help of an option, with its default in place of "%s", and a NUL. */
static void
write_sentence(struct chat_buf *out, const struct chat_opt_entry *entry)
{
	const char *help = entry->opt->help, *mark = strstr(help, "%s");

	if (mark) {
		chat_buf_append(out, help, (size_t)(mark - help));
		write_default(out, entry);
		help = mark + 2;
	}
	chat_buf_append(out, help, strlen(help) + 1);
}

/*
 * Appends words, wrapped at HELP_WIDTH and indented to `column`. The current line already has `at`
 * columns.
 */
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
write_options(struct chat_buf *out, const struct chat_opt_list *list)
{
	size_t column = find_column(list);
	struct chat_buf sentence = {0};

	for (size_t i = 0; i < list->count; i++) {
		const struct chat_opt *opt = list->at[i].opt;
		size_t begin = out->len;

		if (opt->kind == CHAT_OPT_HEADING)
			chat_buf_printf(out, "\n%s:\n", opt->name);
		if (!chat_opt_is_listed(opt))
			continue;
		sentence.len = 0;
		write_sentence(&sentence, &list->at[i]);
		write_left(out, opt);
		write_right(out, sentence.at, column,
			chat_utf8_count(out->at + begin, out->len - begin));
	}
	chat_buf_free(&sentence);
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
chat_help_write(
	struct chat_buf *out, const struct chat_opt_list *list, const struct chat_usage *usage)
{
	write_synopsis(out, usage->synopsis);
	chat_buf_printf(out, "%s\n", usage->about);
	if (list->count > 0 && list->at[0].opt->kind != CHAT_OPT_HEADING)
		chat_buf_append_string(out, "\n");
	write_options(out, list);
	if (usage->epilogue)
		chat_buf_printf(out, "\n%s\n", usage->epilogue);
}
