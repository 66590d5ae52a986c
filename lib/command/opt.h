#ifndef CHAT_COMMAND_OPT_H
#define CHAT_COMMAND_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Command-line options as a table, from which getopt_long is fed and --help is printed.
 * A command fills an array of these whose `into` point into its own settings.
 */
enum chat_opt_kind {
	CHAT_OPT_FLAG, /* bool *: set to true */
	CHAT_OPT_UNFLAG, /* bool *: set to false */
	CHAT_OPT_STRING, /* const char **: borrowed from argv */
	CHAT_OPT_STRINGS, /* struct chat_strings *: repeatable */
	CHAT_OPT_NUMBER, /* int64_t *: min..max */
	CHAT_OPT_DURATION, /* int64_t *, milliseconds (measure.h): 500ms 10s 5m; bare: seconds */
	CHAT_OPT_SIZE, /* int64_t *, bytes (measure.h): 4096 64k 8M 1G */
	CHAT_OPT_CHOICE, /* int *: index into choices */
	CHAT_OPT_REFUSED, /* a usage error: `help` says why; not in --help; its value is never said
			   */
	CHAT_OPT_HEADING /* no option: a line of --help */
};

struct chat_strings {
	const char **at;
	size_t count;
};

struct chat_opt {
	char letter; /* 0: none */
	const char *name; /* long name, without dashes; of a heading: its text */
	enum chat_opt_kind kind;
	void *into;
	const char *argument; /* its name in --help, "NAME"; NULL where it takes none */
	const char *help; /* one line; the rest is the manual's */
	int64_t min, max; /* NUMBER, DURATION, SIZE; max 0 where min >= 0: none */
	const char *const *choices; /* CHOICE: words, NULL-terminated */
	const char *endless; /* DURATION: the word for -1, which is no end; NULL: none */
	bool optional; /* the argument may be left out (--name=VALUE to give it): sets *given */
	bool *given; /* set to true where not NULL and the option was there */
};

struct chat_usage {
	const char *synopsis; /* after the program's name: "[OPTION…] [WORD…]", lines by \n */
	const char *about; /* one line */
	const char *epilogue; /* after the options, or NULL */
	bool stop_at_operand; /* options end at the first operand */
};

/*
 * Reads argv by the table, which ends with a zeroed entry; argv is permuted, operands last.
 * -h/--help and -V/--version are added by itself, listed after the table: they print on stdout and
 * exit with 0. A usage error exits with 64 (for mains alone). Returns the index of the first
 * operand.
 */
int chat_opt_parse(
	int argc, char **argv, const struct chat_opt *table, const struct chat_usage *usage);

/* Whether an option of this kind has one (its `optional` aside). */
bool chat_opt_takes_argument(const struct chat_opt *opt);

/* Adds a borrowed string; an empty list is zeroed. */
void chat_strings_add(struct chat_strings *strings, const char *string);
void chat_strings_free(struct chat_strings *strings);

#endif
