#ifndef CHAT_COMMAND_OPT_H
#define CHAT_COMMAND_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/strings.h"

/*
 * The option table of a command: its options in the order of --help, constant, ended by a zeroed
 * entry. An entry names the field that its value goes to by the offset in the command's settings.
 * chat_opt_parse (opt_parse.h) reads a command line by it.
 */
enum chat_opt_kind {
	CHAT_OPT_FLAG, /* bool: set to true */
	CHAT_OPT_UNFLAG, /* bool: set to false */
	CHAT_OPT_STRING, /* const char *: points into argv */
	CHAT_OPT_STRINGS, /* struct chat_strings: may be given more than once */
	CHAT_OPT_NUMBER, /* int64_t */
	CHAT_OPT_DURATION, /* int64_t, milliseconds: 500ms, 10s, 5m (units.h) */
	CHAT_OPT_SIZE, /* int64_t, bytes: 4096, 64k, 8M, 1G (units.h) */
	CHAT_OPT_CHOICE, /* int: index into choices */
	CHAT_OPT_REFUSED, /* a usage error that `help` explains; not in --help */
	CHAT_OPT_HELP, /* prints --help and exits; for chat_opt_parse */
	CHAT_OPT_VERSION, /* prints the version and exits; for chat_opt_parse */
	CHAT_OPT_HEADING, /* no option but a line of --help, `name` */
	CHAT_OPT_TABLE /* no option but the entries of another table, `table` */
};

struct chat_opt {
	char letter; /* 0: none */
	const char *name; /* the long name without dashes; NULL: none */
	enum chat_opt_kind kind;
	size_t offset; /* of the field; of a TABLE: where the settings of that table begin */
	const char *argument; /* its name in --help; NULL where the option takes none */
	const char *help; /* one line, in which "%s" stands for the default */
	int64_t min, max; /* NUMBER, DURATION, SIZE; max is 0 where min >= 0: no limit */
	int64_t implied; /* "%s" stands for it where the field holds -1 or no number */
	const char *const *choices; /* CHOICE: the words, ended by NULL */
	const char *endless; /* DURATION: a word that stands for -1; NULL: none */
	const char *needs; /* the name of the option that must be given with this one; NULL: none */
	const struct chat_opt *table; /* TABLE */
	bool optional; /* the argument may be left out; then only `given` is set */
	size_t given; /* offset of a bool, set to true where the option is given; 0: none */
};

/* The text of --help besides the options. */
struct chat_usage {
	const char *synopsis; /* "[OPTION…] [WORD…]", after the program's name; lines end with \n */
	const char *about; /* one line */
	const char *epilogue; /* after the options, or NULL */
	bool stop_at_operand; /* options end at the first operand */
};

/* An option of a list. */
struct chat_opt_entry {
	const struct chat_opt *opt;
	char *settings; /* the struct that the offsets of opt count from */
	int64_t initial; /* the value of a number or choice when it was added; else -1 */
	bool given; /* it was on the command line */
};

/* The entries of tables in one row, without those of kind TABLE. A zeroed list is empty. */
struct chat_opt_list {
	struct chat_opt_entry *at;
	size_t count;
};

/* Appends a table, and in the place of a TABLE its entries. settings are borrowed. */
void chat_opt_list_add(struct chat_opt_list *list, const struct chat_opt *table, void *settings);
void chat_opt_list_free(struct chat_opt_list *list);

/* Returns true if the entry is an option that --help tells of. */
bool chat_opt_is_listed(const struct chat_opt *opt);

/* Returns true if an option of this kind has an argument, which may be `optional`. */
bool chat_opt_takes_argument(const struct chat_opt *opt);

/*
 * Stores the value that text stands for, NULL where an optional argument was left out. Exits with
 * 64 where the option is refused or text is not one of its values.
 */
void chat_opt_set(struct chat_opt_entry *entry, const char *text);

#endif
