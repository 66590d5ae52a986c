/*
 * Command lines by a table: getopt_long does the walking, an entry says where its value goes, and
 * --help is printed from the same entries, so that neither can be forgotten.
 */
#include "command/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat/buf.h"
#include "chat/line.h"
#include "command/diag.h"
#include "command/help.h"
#include "command/measure.h"

#define FIRST_VALUE 256 /* what getopt_long returns for entry 0 by its long name */

/* Added to every table, behind its last entry. */
static const struct chat_opt own_options[] = {
	{.letter = 'h', .name = "help", .help = "print this and exit"},
	{.letter = 'V', .name = "version", .help = "print the version and exit"}, {0}};

/* The table in getopt's terms. */
struct walk {
	const struct chat_opt *table;
	size_t count;
	const struct chat_usage *usage;
	struct option *longs;
	struct chat_buf letters; /* a C string */
};

void
chat_strings_add(struct chat_strings *strings, const char *string)
{
	strings->at = chat_realloc(strings->at, (strings->count + 1) * sizeof(*strings->at));
	strings->at[strings->count++] = string;
}

void
chat_strings_free(struct chat_strings *strings)
{
	free(strings->at);
	*strings = (struct chat_strings){0};
}

bool
chat_opt_takes_argument(const struct chat_opt *opt)
{
	return opt->kind != CHAT_OPT_FLAG && opt->kind != CHAT_OPT_UNFLAG;
}

/* "--name 'value': sentence", or "-x" where there is no name. */
static _Noreturn void
die_of_value(const struct chat_opt *opt, const char *text, const char *sentence)
{
	if (opt->name)
		chat_die_usage("--%s '%s': %s", opt->name, text, sentence);
	chat_die_usage("-%c '%s': %s", opt->letter, text, sentence);
}

static const char *
unit_of(const struct chat_opt *opt)
{
	if (opt->kind == CHAT_OPT_DURATION)
		return " ms";
	return opt->kind == CHAT_OPT_SIZE ? " bytes" : "";
}

static int
check_range(int64_t value, const struct chat_opt *opt, struct chat_err *err)
{
	int64_t max = opt->max == 0 && opt->min >= 0 ? INT64_MAX : opt->max;

	if (value < opt->min)
		return chat_fail(err, CHAT_USAGE, "too small, the least is %lld%s",
			(long long)opt->min, unit_of(opt));
	if (value > max)
		return chat_fail(err, CHAT_USAGE, "too large, the most is %lld%s", (long long)max,
			unit_of(opt));
	return 0;
}

static int
read_quantity(int64_t *value, const struct chat_opt *opt, const char *text, struct chat_err *err)
{
	switch (opt->kind) {
	case CHAT_OPT_DURATION:
		return chat_measure_duration(value, text, err);
	case CHAT_OPT_SIZE:
		return chat_measure_size(value, text, err);
	default:
		return chat_measure_integer(value, text, err);
	}
}

static void
set_quantity(const struct chat_opt *opt, const char *text)
{
	struct chat_err err;
	int64_t value;

	if (opt->endless && strcmp(text, opt->endless) == 0)
		value = -1;
	else if (read_quantity(&value, opt, text, &err) < 0 || check_range(value, opt, &err) < 0)
		die_of_value(opt, text, err.text);
	*(int64_t *)opt->into = value;
}

static void
set_choice(const struct chat_opt *opt, const char *text)
{
	struct chat_buf words = {0};

	for (int i = 0; opt->choices[i]; i++) {
		if (strcmp(opt->choices[i], text) == 0) {
			*(int *)opt->into = i;
			chat_buf_free(&words);
			return;
		}
		chat_buf_printf(&words, "%s%s", i > 0 ? ", " : "not one of ", opt->choices[i]);
	}
	chat_buf_append(&words, "", 1);
	die_of_value(opt, text, words.at);
}

/* text is NULL where an optional argument was left out. */
static void
set_value(const struct chat_opt *opt, const char *text)
{
	if (opt->given)
		*opt->given = true;
	if (chat_opt_takes_argument(opt) && !text)
		return;
	switch (opt->kind) {
	case CHAT_OPT_FLAG:
	case CHAT_OPT_UNFLAG:
		*(bool *)opt->into = opt->kind == CHAT_OPT_FLAG;
		break;
	case CHAT_OPT_STRING:
		*(const char **)opt->into = text;
		break;
	case CHAT_OPT_STRINGS:
		chat_strings_add(opt->into, text);
		break;
	case CHAT_OPT_NUMBER:
	case CHAT_OPT_DURATION:
	case CHAT_OPT_SIZE:
		set_quantity(opt, text);
		break;
	case CHAT_OPT_CHOICE:
		set_choice(opt, text);
		break;
	case CHAT_OPT_REFUSED:
		chat_die_usage("--%s: %s", opt->name, opt->help);
	case CHAT_OPT_HEADING:
		break;
	}
}

/* stdout is data, also here: an exit status of 0 says that all of it was taken. */
static _Noreturn void
print_and_exit(struct chat_buf *out)
{
	struct chat_err err;
	int failed = chat_write_all(STDOUT_FILENO, out->at, out->len, &err);

	chat_buf_free(out);
	if (failed)
		chat_die(chat_exit_status(err.code), "stdout: %s", err.text);
	exit(CHAT_EXIT_OK);
}

static _Noreturn void
print_help(const struct walk *walk)
{
	struct chat_buf out = {0};

	chat_help_write(&out, walk->table, own_options, walk->usage);
	print_and_exit(&out);
}

static _Noreturn void
print_version(void)
{
	struct chat_buf out = {0};

	chat_buf_printf(&out, "%s (chat tools) %s\n", program_invocation_short_name, CHAT_VERSION);
	print_and_exit(&out);
}

static int
has_argument(const struct chat_opt *opt)
{
	if (!chat_opt_takes_argument(opt))
		return no_argument;
	return opt->optional ? optional_argument : required_argument;
}

/* Adds a table to getopt's lists; a colon behind a letter: an argument, two: one at will. */
static void
walk_add(struct walk *walk, const struct chat_opt *table, int first_value, struct option **to)
{
	for (int i = 0; table[i].letter || table[i].name; i++) {
		int argument = has_argument(&table[i]);

		if (table[i].kind == CHAT_OPT_HEADING)
			continue;
		if (table[i].letter)
			chat_buf_printf(&walk->letters, "%c%.*s", table[i].letter, argument, "::");
		if (table[i].name)
			*(*to)++ = (struct option){table[i].name, argument, NULL, first_value + i};
	}
}

static void
walk_begin(struct walk *walk)
{
	size_t count = sizeof(own_options) / sizeof(own_options[0]);
	struct option *to;

	while (walk->table[walk->count].letter || walk->table[walk->count].name)
		walk->count++;
	walk->longs = to = chat_alloc_zeroed(walk->count + count, sizeof(*walk->longs));
	/* ':' tells a missing argument from an unknown option, '+' stops at the first operand */
	chat_buf_append_string(&walk->letters, walk->usage->stop_at_operand ? "+:" : ":");
	walk_add(walk, walk->table, FIRST_VALUE, &to);
	walk_add(walk, own_options, FIRST_VALUE + (int)walk->count, &to);
	chat_buf_append(&walk->letters, "", 1);
	optind = 0; /* glibc: from the start, whoever walked before */
	opterr = 0;
}

static void
walk_end(struct walk *walk)
{
	free(walk->longs);
	chat_buf_free(&walk->letters);
}

static const struct chat_opt *
find_letter(const struct chat_opt *table, int letter)
{
	for (; table->letter || table->name; table++)
		if (table->letter == letter && table->kind != CHAT_OPT_HEADING)
			return table;
	return NULL;
}

/* The entry that getopt_long means by a value. */
static const struct chat_opt *
walk_find(const struct walk *walk, int value)
{
	const struct chat_opt *opt;
	size_t index;

	if (value < FIRST_VALUE) {
		opt = find_letter(walk->table, value);
		return opt ? opt : find_letter(own_options, value);
	}
	index = (size_t)(value - FIRST_VALUE);
	return index < walk->count ? &walk->table[index] : &own_options[index - walk->count];
}

/* A long option that getopt_long could not tell, as it stands in argv. */
static _Noreturn void
die_of_name(const struct walk *walk, const char *argument)
{
	size_t len = strcspn(argument, "="), matches = 0;
	struct chat_buf names = {0};

	for (const struct option *option = walk->longs; option->name; option++)
		if (strncmp(option->name, argument + 2, len - 2) == 0) {
			chat_buf_printf(&names, " '--%s'", option->name);
			matches++;
		}
	chat_buf_append(&names, "", 1);
	if (matches > 1)
		chat_die_usage("option '%.*s' is ambiguous; possibilities:%s", (int)len, argument,
			names.at);
	chat_die_usage("unrecognized option '%.*s'", (int)len, argument);
}

/* What getopt_long would have said itself. */
static _Noreturn void
die_of_getopt(const struct walk *walk, int result, const char *argument)
{
	if (optopt == 0)
		die_of_name(walk, argument);
	if (result == ':' && optopt >= FIRST_VALUE)
		chat_die_usage("option '--%s' requires an argument", walk_find(walk, optopt)->name);
	if (result == ':')
		chat_die_usage("option requires an argument -- '%c'", optopt);
	if (optopt >= FIRST_VALUE)
		chat_die_usage(
			"option '--%s' doesn't allow an argument", walk_find(walk, optopt)->name);
	chat_die_usage("invalid option -- '%c'", optopt);
}

int
chat_opt_parse(int argc, char **argv, const struct chat_opt *table, const struct chat_usage *usage)
{
	struct walk walk = {.table = table, .usage = usage};
	const struct chat_opt *opt;
	int result;

	walk_begin(&walk);
	while ((result = getopt_long(argc, argv, walk.letters.at, walk.longs, NULL)) != -1) {
		if (result == '?' || result == ':')
			die_of_getopt(&walk, result, argv[optind - 1]);
		opt = walk_find(&walk, result);
		if (opt == &own_options[0])
			print_help(&walk);
		if (opt == &own_options[1])
			print_version();
		set_value(opt, optarg);
	}
	walk_end(&walk);
	return optind;
}
