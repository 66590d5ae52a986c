/*
 * chat-validate checks that every line of a file or pipe is a message of the protocol. This file
 * has the options and the exit status; validate/check.c checks the lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/confine.h"
#include "command/diag.h"
#include "command/opt_parse.h"
#include "message/rules.h"
#include "message/scan.h"
#include "text/clock.h"
#include "validate/file.h"
#include "validate/format.h"
#include "validate/outputs.h"
#include "validate/report.h"
#include "validate/writer.h"

#define PROGRESS_AFTER_MS 200 /* a check that ends earlier shows no progress bar */

static const char *const directions[] = {"client", "server", "any", "input", NULL};
static const char *const format_names[] = {"text", "json", "github", "tap", "sarif", NULL};
static const struct format *const formats[] = {
	&format_text, &format_json, &format_github, &format_tap, &format_sarif};

struct settings {
	int from; /* index into directions; enum chat_direction minus 1 */
	int format; /* index into formats and format_names */
	bool strict, state, filter, invert, quiet, stats, schema;
	int64_t max_errors;
	int64_t max_line_bytes;
	int64_t jobs;
	const char *rejects; /* the file for invalid lines; NULL: none */
};

#define AT(field) offsetof(struct settings, field)

static const struct settings defaults = {
	.from = CHAT_FROM_ANY - 1,
	.max_errors = 100,
	.max_line_bytes = INT64_C(64) << 20,
	.jobs = 1,
};

static const struct chat_opt options[] = {
	{.name = "What is checked", .kind = CHAT_OPT_HEADING},
	{0, "from", CHAT_OPT_CHOICE, AT(from), .argument = "WHO", .choices = directions,
		.help = "only messages that a client or a server says; input: lines for chat-send "
			"(default %s)"},
	{0, "strict", CHAT_OPT_FLAG, AT(strict),
		.help = "check also what the specification leaves open"},
	{0, "state", CHAT_OPT_FLAG, AT(state),
		.help = "check also the order of the messages of each file"},
	{0, "max-line", CHAT_OPT_SIZE, AT(max_line_bytes), .argument = "SIZE", .min = 1,
		.max = PTRDIFF_MAX, .help = "longer lines are errors (default %s)"},
	{'j', "jobs", CHAT_OPT_NUMBER, AT(jobs), .argument = "N", .min = 1, .max = 64,
		.help = "threads for a regular file (default %s)"},
	{.name = "What comes out", .kind = CHAT_OPT_HEADING},
	{0, "format", CHAT_OPT_CHOICE, AT(format), .argument = "FORMAT", .choices = format_names,
		.help = "how findings are written (default %s)"},
	{0, "max-errors", CHAT_OPT_NUMBER, AT(max_errors), .argument = "N",
		.help = "findings shown of each file; 0: all (default %s)"},
	{'q', "quiet", CHAT_OPT_FLAG, AT(quiet), .help = "no findings, only the exit status"},
	{0, "stats", CHAT_OPT_FLAG, AT(stats),
		.help = "at the end, counts by type and by error, and the rate"},
	{0, "filter", CHAT_OPT_FLAG, AT(filter),
		.help = "pass the valid lines on; findings go to stderr"},
	{0, "invert", CHAT_OPT_FLAG, AT(invert),
		.help = "pass the invalid lines on; findings go to stderr"},
	{0, "rejects", CHAT_OPT_STRING, AT(rejects), .argument = "FILE",
		.help = "write the invalid lines into this file besides"},
	{0, "schema", CHAT_OPT_FLAG, AT(schema), .help = "print the rules as JSON Schema and exit"},
	{0},
};

static const struct chat_usage usage = {
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Check that every line is a message of the chat protocol.",
	.epilogue = "Without FILE, or where it is -, standard input is read.",
};

static int
print_schema(const struct settings *settings)
{
	char *schema = chat_rules_schema((enum chat_direction)(settings->from + 1));
	struct writer output;

	writer_init(&output, STDOUT_FILENO, "stdout");
	writer_line(&output, chat_span_of(schema), true);
	writer_flush(&output);
	writer_free(&output);
	free(schema);
	return CHAT_EXIT_OK;
}

/* Checks a file, or stdin if the name is "-". Returns true if it was read to its end. */
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

/* Checks the files, or stdin if there are none. Returns the exit status. */
static int
check_all(struct check *check, char **names, bool stats)
{
	struct report *report = check->report;
	uint64_t begun_us = (uint64_t)chat_now_us();
	bool readable;

	report_start(report);
	readable = *names || check_named(check, "-");
	for (; *names; names++)
		readable &= check_named(check, *names);
	report->stats.elapsed_us = (uint64_t)chat_now_us() - begun_us;
	if (stats)
		report_stats(report);
	report_finish(report);
	if (!readable)
		return CHAT_EXIT_NO_INPUT;
	return report->stats.invalid > 0 ? CHAT_EXIT_NO : CHAT_EXIT_OK;
}

/*
 * Returns the scanner variant that CHAT_VALIDATE_SCAN names, or -1 for "none". If it is not set,
 * returns the fastest variant of this processor. Exits with 64 if the variant is not known or the
 * processor does not have it.
 */
static int
choose_variant(void)
{
	const char *wanted = getenv("CHAT_VALIDATE_SCAN");

	if (!wanted || *wanted == '\0')
		return (int)chat_scan_best();
	if (strcmp(wanted, "none") == 0)
		return -1;
	for (int variant = 0; variant < CHAT_SCAN_VARIANTS; variant++)
		if (strcmp(wanted, chat_scan_word((enum chat_scan_variant)variant)) == 0 &&
			chat_scan_can((enum chat_scan_variant)variant))
			return variant;
	chat_die_usage("CHAT_VALIDATE_SCAN: there is no scanner '%s' here", wanted);
}

/*
 * Gives up the rights to open files for writing, to execute, and to use TCP: a log from strangers
 * may try to attack this process.
 */
static void
confine(void)
{
	struct chat_confine confine;
	struct chat_err err;

	chat_confine_begin(&confine, CHAT_CONFINE_WRITE | CHAT_CONFINE_EXECUTE | CHAT_CONFINE_TCP);
	if (chat_confine_end(&confine, &err) < 0)
		chat_die(chat_exit_status(err.code), "%s", err.text);
}

static bool
passes_lines(const struct settings *settings)
{
	return settings->filter || settings->invert;
}

static enum pass
pass_of(const struct settings *settings)
{
	if (settings->filter)
		return PASS_VALID;
	return settings->invert ? PASS_INVALID : PASS_NONE;
}

/* Returns the number of threads for a file: 1 if lines are written or the order is checked. */
static unsigned
threads_of(const struct settings *settings)
{
	bool alone = passes_lines(settings) || settings->rejects || settings->state;

	return alone ? 1 : (unsigned)settings->jobs;
}

static int
validate(const struct settings *settings, char **names)
{
	struct chat_progress progress;
	struct outputs outputs;
	struct report report = {
		.format = formats[settings->format],
		.writer = &outputs.findings,
		.quiet = settings->quiet,
		.max_shown = (uint64_t)settings->max_errors,
	};
	int scan = settings->strict ? -1 : choose_variant();
	struct check check = {
		.from = (enum chat_direction)(settings->from + 1),
		.strict = settings->strict,
		.pass = pass_of(settings),
		.max_line_bytes = (size_t)settings->max_line_bytes,
		.threads = threads_of(settings),
		.scan = scan,
		.state = settings->state ? state_new(scan) : NULL,
		.report = &report,
		.lines = &outputs.lines,
		.rejects = settings->rejects ? &outputs.rejects : NULL,
		.progress = &progress,
	};
	int status;

	chat_progress_init(&progress, !settings->quiet, PROGRESS_AFTER_MS);
	outputs_open(&outputs, passes_lines(settings), settings->rejects, names);
	outputs.lines.progress = outputs.findings.progress = &progress;
	confine();
	status = check_all(&check, names, settings->stats);
	outputs_close(&outputs);
	state_free(check.state);
	return status;
}

static void
check_settings(const struct settings *settings, bool has_names)
{
	if (settings->filter && settings->invert)
		chat_die_usage("--filter and --invert exclude each other");
	if (settings->state && settings->from == CHAT_FROM_INPUT - 1)
		chat_die_usage("--from input is about lines for chat-send, --state about what a "
			       "connection says: they do not go together");
	if (settings->schema && has_names)
		chat_die_usage("--schema takes no FILE");
}

int
main(int argc, char **argv)
{
	struct settings settings = defaults;
	int operand;

	chat_start();
	operand = chat_opt_parse(argc, argv, options, &usage, &settings);
	check_settings(&settings, operand < argc);
	if (settings.schema)
		return print_schema(&settings);
	return validate(&settings, argv + operand);
}
