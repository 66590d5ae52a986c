#ifndef CHAT_COMMAND_OPT_H
#define CHAT_COMMAND_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/strings.h"

/*
 * The option table of a command: a constant array of its options in the order of --help, ended by a
 * zeroed entry. The value of an option is stored in a field of the command's settings; its entry
 * has the offset of this field. chat_opt_parse (opt_parse.h) reads a command line by the table.
 */
enum chat_opt_kind {
	CHAT_OPT_FLAG, /* bool: set to true */
	CHAT_OPT_UNFLAG, /* bool: set to false */
	CHAT_OPT_STRING, /* const char *: points into argv */
	CHAT_OPT_STRINGS, /* struct chat_strings: the option may be given several times */
	CHAT_OPT_NUMBER, /* int64_t */
	CHAT_OPT_DURATION, /* int64_t, milliseconds: 500ms, 10s, 5m (units.h) */
	CHAT_OPT_SIZE, /* int64_t, bytes: 4096, 64k, 8M, 1G (units.h) */
	CHAT_OPT_CHOICE, /* int: index into choices */
	CHAT_OPT_REFUSED, /* a usage error, which `help` explains; --help does not list it */
	CHAT_OPT_HELP, /* prints --help and exits; for chat_opt_parse */
	CHAT_OPT_VERSION, /* prints the version and exits; for chat_opt_parse */
	CHAT_OPT_HEADING, /* not an option: --help prints `name` as a line */
	CHAT_OPT_TABLE /* not an option: stands for the entries of another table, `table` */
};

struct chat_opt {
	char letter; /* 0: none */
	const char *name; /* the long name without dashes; NULL: none */
	enum chat_opt_kind kind;
	size_t offset; /* of the field in the settings; TABLE: of the settings of that table */
	const char *argument; /* the name of the argument in --help; NULL: no argument */
	const char *help; /* one line; "%s" in it stands for the default */
	int64_t min, max; /* limits of NUMBER, DURATION, SIZE; max is 0 and min >= 0: no maximum */
	int64_t implied; /* the default in --help if the field is -1 or not a number */
	const char *const *choices; /* CHOICE: the words, ended by NULL */
	const char *endless; /* DURATION: the word for -1; NULL: none */
	const char *needs; /* the name of another option that must also be given; NULL: none */
	const struct chat_opt *table; /* valid for TABLE */
	bool optional; /* the argument may be left out; the field is then unchanged */
	size_t given; /* the offset of a bool that is set to true if the option is given; 0: none */
};

/* The text of --help besides the options. */
struct chat_usage {
	const char *synopsis; /* "[OPTION…] [WORD…]", without the program's name; lines end with \n
			       */
	const char *about; /* one line about the command */
	const char *epilogue; /* text after the options; NULL: none */
	bool stop_at_operand; /* all arguments after the first operand are operands */
};

/* An option of a list. */
struct chat_opt_entry {
	const struct chat_opt *opt;
	char *settings; /* the struct in which opt->offset and opt->given count */
	int64_t initial; /* the default of a NUMBER, DURATION, SIZE or CHOICE; else -1 */
	bool given; /* the option was on the command line */
};

/* The entries of tables as one array; TABLE entries are replaced by the entries of their tables. A
 * zeroed list is empty. */
struct chat_opt_list {
	struct chat_opt_entry *at;
	size_t count;
};

/* Appends the entries of a table. table and settings must outlive the list. */
void chat_opt_list_add(struct chat_opt_list *list, const struct chat_opt *table, void *settings);
void chat_opt_list_free(struct chat_opt_list *list);

/* Returns true if the entry is an option that --help lists. */
bool chat_opt_is_listed(const struct chat_opt *opt);

/* Returns true if an option of this kind has an argument, required or optional. */
bool chat_opt_takes_argument(const struct chat_opt *opt);

/*
 * Reads text and stores its value in the settings. text is NULL if the option has no argument, or
 * if an optional argument was left out. Exits with 64 if the option is CHAT_OPT_REFUSED or text is
 * not a valid value.
 */
void chat_opt_set(struct chat_opt_entry *entry, const char *text);

#endif
