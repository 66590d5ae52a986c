/*
 * chat-validate: is every line of a log, or of a live pipe, a message of the protocol? Options and
 * exit status; the checking is in validate/.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "opt.h"
#include "rules.h"
#include "validate/check.h"
#include "validate/format.h"
#include "validate/output.h"
#include "validate/report.h"

static const char *const directions[] = {"client", "server", "any", NULL};
static const char *const format_names[] = {"text", "json", NULL};
static const struct format *const formats[] = {&format_text, &format_json};

struct settings {
	int from; /* index into directions: one less than enum chat_direction */
	int format; /* index into formats */
	bool strict, filter, invert, quiet, stats, schema;
	int64_t max_errors;
	int64_t max_line_bytes;
};

static int
settings_read(struct settings *settings, int argc, char **argv)
{
	const struct chat_opt table[] = {
		{.name = "What is checked", .kind = CHAT_OPT_HEADING},
		{.name = "from",
			.kind = CHAT_OPT_CHOICE,
			.into = &settings->from,
			.argument = "WHO",
			.choices = directions,
			.help = "only messages that a client or a server says (default any)"},
		{.name = "strict",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->strict,
			.help = "check also what the specification leaves open"},
		{.name = "max-line",
			.kind = CHAT_OPT_SIZE,
			.into = &settings->max_line_bytes,
			.argument = "SIZE",
			.min = 1,
			.help = "longer lines are errors (default 64M)"},
		{.name = "What comes out", .kind = CHAT_OPT_HEADING},
		{.name = "format",
			.kind = CHAT_OPT_CHOICE,
			.into = &settings->format,
			.argument = "FORMAT",
			.choices = format_names,
			.help = "how findings are written: text (default) or json"},
		{.name = "max-errors",
			.kind = CHAT_OPT_NUMBER,
			.into = &settings->max_errors,
			.argument = "N",
			.help = "findings shown of each file; 0: all (default 100)"},
		{.letter = 'q',
			.name = "quiet",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->quiet,
			.help = "no findings, only the exit status"},
		{.name = "stats",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->stats,
			.help = "at the end, counts by type and by error"},
		{.name = "filter",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->filter,
			.help = "pass the valid lines on; findings go to stderr"},
		{.name = "invert",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->invert,
			.help = "pass the invalid lines on; findings go to stderr"},
		{.name = "schema",
			.kind = CHAT_OPT_FLAG,
			.into = &settings->schema,
			.help = "print the rules as JSON Schema and exit"},
		{0},
	};
	const struct chat_usage usage = {
		.synopsis = "[OPTION…] [FILE…]",
		.about = "Check that every line is a message of the chat protocol.",
		.epilogue = "Without FILE, or where it is -, standard input is read.",
	};

	return chat_opt_parse(argc, argv, table, &usage);
}

static int
print_schema(const struct settings *settings)
{
	char *schema = chat_rules_schema((enum chat_direction)(settings->from + 1));
	struct output output;

	output_init(&output, STDOUT_FILENO, "stdout");
	output_line(&output, chat_span_of(schema), true);
	output_flush(&output);
	output_free(&output);
	free(schema);
	return CHAT_EXIT_OK;
}

/* Whether the file was read to its end. */
static bool
check_named(struct check *check, const char *name)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	struct chat_err err;
	int result;

	if (fd < 0) {
		chat_warn("%s: %s", name, strerror(errno));
		return false;
	}
	result = check_file(check, fd, name, &err);
	if (!standard)
		close(fd);
	if (result < 0)
		chat_warn("%s: %s", name, err.text);
	return result == 0;
}

static int
check_all(struct check *check, char **names, bool stats)
{
	bool readable = *names || check_named(check, "-");

	for (; *names; names++)
		readable &= check_named(check, *names);
	if (stats)
		report_stats(check->report);
	if (!readable)
		return CHAT_EXIT_NO_INPUT;
	return check->report->stats.invalid > 0 ? CHAT_EXIT_NO : CHAT_EXIT_OK;
}

static int
validate(const struct settings *settings, char **names)
{
	bool passes = settings->filter || settings->invert;
	struct output out, findings;
	struct report report = {
		.format = formats[settings->format],
		.output = &findings,
		.quiet = settings->quiet,
		.max_shown = (uint64_t)settings->max_errors,
	};
	struct check check = {
		.from = (enum chat_direction)(settings->from + 1),
		.strict = settings->strict,
		.pass = settings->filter   ? PASS_VALID
			: settings->invert ? PASS_INVALID
					   : PASS_NONE,
		.max_line_bytes = (size_t)settings->max_line_bytes,
		.report = &report,
		.lines = &out,
	};
	int status;

	output_init(&out, STDOUT_FILENO, "stdout");
	output_init(
		&findings, passes ? STDERR_FILENO : STDOUT_FILENO, passes ? "stderr" : "stdout");
	status = check_all(&check, names, settings->stats);
	output_flush(&findings);
	output_flush(&out);
	output_free(&findings);
	output_free(&out);
	return status;
}

int
main(int argc, char **argv)
{
	struct settings settings = {
		.from = CHAT_FROM_ANY - 1,
		.max_errors = 100,
		.max_line_bytes = INT64_C(64) << 20,
	};
	int operand;

	chat_start();
	operand = settings_read(&settings, argc, argv);
	if (settings.filter && settings.invert)
		chat_die_usage("--filter and --invert exclude each other");
	if (settings.schema && argv[operand])
		chat_die_usage("--schema takes no FILE");
	if (settings.schema)
		return print_schema(&settings);
	return validate(&settings, argv + operand);
}
