/*
 * Reads a command line by an option table. The lists of getopt_long and the text of --help are made
 * from the same table, so that no option can be missing from one of them.
 */
#include "command/opt_parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/help.h"
#include "text/buf.h"
#include "text/line.h"

#define FIRST_VALUE 256 /* getopt_long returns this plus the index of the entry for a long name */

static const struct chat_opt own_options[] = {
	{'h', "help", CHAT_OPT_HELP, .help = "print this and exit"},
	{'V', "version", CHAT_OPT_VERSION, .help = "print the version and exit"},
	{0},
};

/* The options as getopt_long needs them. */
struct walk {
	struct chat_opt_list list;
	struct option *longs; /* the long names, ended by a zeroed element */
	struct chat_buf letters; /* the letters, as a C string */
};

/* Writes all of out to stdout and exits with 0; if a write fails, warns and exits with another
 * status. */
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
print_help(const struct walk *walk, const struct chat_usage *usage)
{
	struct chat_buf out = {0};

	chat_help_write(&out, &walk->list, usage);
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

/* Fills getopt_long's lists. One colon after a letter means "argument", two "optional argument". */
static void
walk_index(struct walk *walk)
{
	struct option *to = walk->longs;

	for (size_t i = 0; i < walk->list.count; i++) {
		const struct chat_opt *opt = walk->list.at[i].opt;
		int argument = has_argument(opt);

		if (opt->kind == CHAT_OPT_HEADING)
			continue;
		if (opt->letter)
			chat_buf_printf(&walk->letters, "%c%.*s", opt->letter, argument, "::");
		if (opt->name)
			*to++ = (struct option){opt->name, argument, NULL, FIRST_VALUE + (int)i};
	}
}

static void
walk_open(struct walk *walk, const struct chat_opt *table, bool stop_at_operand, void *settings)
{
	*walk = (struct walk){0};
	chat_opt_list_add(&walk->list, table, settings);
	chat_opt_list_add(&walk->list, own_options, NULL);
	walk->longs = chat_alloc_zeroed(walk->list.count + 1, sizeof(*walk->longs));
	/* ':': getopt_long returns ':' for a missing argument; '+': it stops at the first operand
	 */
	chat_buf_append_string(&walk->letters, stop_at_operand ? "+:" : ":");
	walk_index(walk);
	chat_buf_append(&walk->letters, "", 1);
	optind = 0; /* glibc: begin again, even if getopt was used before */
	opterr = 0;
}

static void
walk_close(struct walk *walk)
{
	chat_opt_list_free(&walk->list);
	free(walk->longs);
	chat_buf_free(&walk->letters);
}

static struct chat_opt_entry *
find_letter(const struct walk *walk, int letter)
{
	for (size_t i = 0; i < walk->list.count; i++)
		if (walk->list.at[i].opt->letter == letter)
			return &walk->list.at[i];
	abort(); /* getopt_long returns only letters of the list */
}

/* Returns the option for a return value of getopt_long. */
static struct chat_opt_entry *
find_option(const struct walk *walk, int value)
{
	if (value < FIRST_VALUE)
		return find_letter(walk, value);
	return &walk->list.at[value - FIRST_VALUE];
}

/* Warns that a long option is unknown or ambiguous, as getopt_long would, and exits. */
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

/* Writes the warning of getopt_long about the argument at which it stopped, and exits. */
static _Noreturn void
die_of_getopt(const struct walk *walk, int result, const char *argument)
{
	const char *name;

	if (optopt == 0)
		die_of_name(walk, argument);
	if (optopt < FIRST_VALUE && result == ':')
		chat_die_usage("option requires an argument -- '%c'", optopt);
	if (optopt < FIRST_VALUE)
		chat_die_usage("invalid option -- '%c'", optopt);
	name = find_option(walk, optopt)->opt->name;
	if (result == ':')
		chat_die_usage("option '--%s' requires an argument", name);
	chat_die_usage("option '--%s' doesn't allow an argument", name);
}

static bool
is_given(const struct chat_opt_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].given && list->at[i].opt->name &&
			strcmp(list->at[i].opt->name, name) == 0)
			return true;
	return false;
}

/* Exits with a usage error if an option was given without the option that it needs. */
static void
check_needs(const struct chat_opt_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct chat_opt *opt = list->at[i].opt;

		if (list->at[i].given && opt->needs && !is_given(list, opt->needs))
			chat_die_usage("--%s is about a --%s", opt->name, opt->needs);
	}
}

int
chat_opt_parse(int argc, char **argv, const struct chat_opt *table, const struct chat_usage *usage,
	void *settings)
{
	struct chat_opt_entry *entry;
	struct walk walk;
	int result;

	walk_open(&walk, table, usage->stop_at_operand, settings);
	while ((result = getopt_long(argc, argv, walk.letters.at, walk.longs, NULL)) != -1) {
		if (result == '?' || result == ':')
			die_of_getopt(&walk, result, argv[optind - 1]);
		entry = find_option(&walk, result);
		if (entry->opt->kind == CHAT_OPT_HELP)
			print_help(&walk, usage);
		if (entry->opt->kind == CHAT_OPT_VERSION)
			print_version();
		chat_opt_set(entry, optarg);
	}
	check_needs(&walk.list);
	walk_close(&walk);
	return optind;
}
