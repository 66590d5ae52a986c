/* The options of chat-listen, in the order of its --help, and the checks of combinations. */
#include "listen/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "command/terminal.h"
#include "message/rules.h"
#include "text/clock.h"

#define MAX_HOPS 8

static const char *const history_words[] = {"auto", "line", "flat", "none", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The options, and the values that become options after parsing. */
struct command_line {
	struct options options;
	int history; /* enum listener_history */
	int color; /* enum color */
	const char *since; /* NULL: not given */
	bool no_reconnect;
	bool exec; /* --exec was abbreviated (--exe): then no command is found */
	bool hops_given;
};

static const struct chat_usage usage = {
	.synopsis = "[OPTION...] [URL...]\n[OPTION...] [URL] --exec COMMAND [ARGUMENT...]",
	.about = "Print what a chat server says: one JSON object a line.",
};

static const struct command_line defaults = {
	.options.listener.last = -1,
	.options.listener.retry_for_ms = -1,
	.options.listener.filter.max_hops = MAX_HOPS,
};

#define AT(field) offsetof(struct command_line, field)

static const struct chat_opt table[] = {
	{.name = "What", .kind = CHAT_OPT_HEADING},
	{'t', "type", CHAT_OPT_STRINGS, AT(options.types), .argument = "TYPE,...",
		.help = "message, error, userData, userStatus, history (all)"},
	{0, "from", CHAT_OPT_STRINGS, AT(options.listener.filter.from), .argument = "NAME",
		.help = "from this user only (repeatable)"},
	{0, "no-self", CHAT_OPT_FLAG, AT(options.listener.filter.no_self),
		.help = "nothing that this process says"},
	{0, "no-user", CHAT_OPT_FLAG, AT(options.listener.filter.no_user),
		.help = "nothing that our user says"},
	{0, "no-loop", CHAT_OPT_FLAG, AT(options.listener.filter.no_loop),
		.help = "nothing that has been here, or that %s programs led to",
		.implied = MAX_HOPS},
	{0, "max-hops", CHAT_OPT_NUMBER, AT(options.listener.filter.max_hops), .argument = "N",
		.min = 1, .max = CHAT_HOPS_MOST, .given = AT(hops_given),
		.help = "with --no-loop: that many programs (%s)"},
	{.name = "From where", .kind = CHAT_OPT_HEADING},
	{'n', "last", CHAT_OPT_NUMBER, AT(options.listener.last), .argument = "N",
		.help = "at most the last N messages of the history"},
	{0, "since", CHAT_OPT_STRING, AT(since), .argument = "WHERE",
		.help = "what came after the message with this id, from a time on, or all"},
	{0, "cursor-file", CHAT_OPT_STRING, AT(options.cursor_file), .argument = "FILE",
		.help = "go on where the last listener with this file ended"},
	{0, "history", CHAT_OPT_CHOICE, AT(history), .argument = "HOW", .choices = history_words,
		.help = "flat: a line for each message; line: one line; none; auto: flat "
			"from a position on, else line (%s)"},
	{0, "from-log", CHAT_OPT_STRING, AT(options.log), .argument = "FILE",
		.help = "a log of these tools in place of a server; -: stdin"},
	{.name = "How far", .kind = CHAT_OPT_HEADING},
	{'C', "count", CHAT_OPT_NUMBER, AT(options.listener.count), .argument = "N", .min = 1,
		.help = "stop after N lines"},
	{'W', "timeout", CHAT_OPT_DURATION, AT(options.listener.timeout_ms), .argument = "TIME",
		.min = 1, .help = "stop after this time, with status 124"},
	{0, "until-idle", CHAT_OPT_DURATION, AT(options.listener.until_idle_ms), .argument = "TIME",
		.min = 1, .help = "stop when nothing was printed for so long"},
	{0, "no-follow", CHAT_OPT_FLAG, AT(options.listener.no_follow),
		.help = "stop after what the server says on joining"},
	{0, "wait", CHAT_OPT_FLAG, AT(options.listener.wait),
		.help = "wait for a server that is not there yet"},
	{0, "retry-for", CHAT_OPT_DURATION, AT(options.listener.retry_for_ms), .argument = "TIME",
		.endless = "forever", .help = "how long to try to connect again (for ever)"},
	{0, "no-reconnect", CHAT_OPT_FLAG, AT(no_reconnect),
		.help = "stop when the connection is lost"},
	{.name = "How", .kind = CHAT_OPT_HEADING},
	{'q', "quiet", CHAT_OPT_FLAG, AT(options.quiet),
		.help = "print no lines, only the exit status"},
	{'H', "human", CHAT_OPT_FLAG, AT(options.listener.human),
		.help = "for people: 12:01:07 <alice> hi"},
	{0, "color", CHAT_OPT_CHOICE, AT(color), .argument = "WHEN", .choices = color_words,
		.help = "with --human: auto, always, never (%s)"},
	{0, "events", CHAT_OPT_FLAG, AT(options.listener.events),
		.help = "print {\"type\":\"$gap\"} where messages may be missing"},
	{0, "save-files", CHAT_OPT_STRING, AT(options.save_dir), .argument = "DIR",
		.help = "write files there; lines get a path in place of the data"},
	{0, "hidden", CHAT_OPT_FLAG, AT(options.listener.hidden),
		.help = "do not announce to the channel that we are here"},
	{.name = "As a bot", .kind = CHAT_OPT_HEADING},
	{0, "exec", CHAT_OPT_FLAG, AT(exec),
		.help = "what follows is a command: it hears this, its lines are said"},
	{0, "restart", CHAT_OPT_FLAG, AT(options.restart),
		.help = "start the command again when it ends"},
	{.kind = CHAT_OPT_TABLE, .table = settings_options, .offset = AT(options.settings)},
	{0},
};

/*
 * Returns true if --human writes colors. "auto": stdout is a terminal that obeys escape sequences,
 * and NO_COLOR is not set.
 */
static bool
want_color(int choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return chat_terminal_obeys(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Returns the index of --exec, or argc if there is none. All later arguments are the command. */
static int
find_exec(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--exec") == 0)
			return i;
	return argc;
}

static void
check_bot(const struct options *options)
{
	if (options->url_count > 1)
		chat_die_usage("--exec is for one URL");
	if (options->quiet)
		chat_die_usage("--quiet leaves a command nothing to hear");
}

/* Options about a server would have no effect on a log. */
static void
check_log(const struct command_line *line)
{
	const struct options *options = &line->options;
	const struct listener_options *listener = &options->listener;

	if (options->quiet && !options->save_dir)
		chat_die_usage("--quiet leaves nothing of a --from-log without --save-files");
	if (options->command || options->url_count > 0 || options->cursor_file || line->since)
		chat_die_usage("--from-log reads a log: no server, position or bot");
	if (listener->last >= 0 || line->history)
		chat_die_usage("--from-log prints each line of a log: tail(1) takes the last ones");
	if (listener->timeout_ms || listener->until_idle_ms)
		chat_die_usage("--from-log reads to the end: timeout(1) limits the time");
}

static void
check(const struct command_line *line)
{
	const struct options *options = &line->options;
	const struct listener_options *listener = &options->listener;
	bool is_bot = options->command && options->command[0];

	if ((line->exec || options->command) && !is_bot)
		chat_die_usage("--exec needs a command");
	if (!is_bot && options->restart)
		chat_die_usage("--restart is about --exec");
	if (options->settings.url && options->url_count > 0)
		chat_die_usage("--url and the operand %s: give the URL once, or all as operands",
			options->urls[0]);
	if (line->hops_given && !listener->filter.no_loop)
		chat_die_usage("--max-hops is about --no-loop and --exec");
	if (is_bot)
		check_bot(options);
	if (is_bot && listener->human)
		chat_die_usage("--human is not for a command");
	if (options->log)
		check_log(line);
}

static void
read_since(struct since *since, const char *text)
{
	struct chat_err err;

	if (text && since_read(since, text, chat_unix_ms(), &err) < 0)
		chat_die_usage("%s", err.text);
}

/*
 * Removes --exec and its command from argv, and sets the filter of a bot, which leaves out its own
 * messages. Returns the new argc.
 */
static int
take_command(struct options *options, int argc, char **argv)
{
	int own_argc = find_exec(argc, argv);

	if (own_argc == argc)
		return argc;
	options->command = argv + own_argc + 1;
	argv[own_argc] = NULL;
	options->listener.filter.no_self = options->listener.filter.no_loop = true;
	options->listener.filter.is_bot = true;
	return own_argc;
}

void
options_parse(struct options *options, int argc, char **argv)
{
	struct command_line line = defaults;
	struct listener_options *listener = &line.options.listener;
	int operand;

	settings_init(&line.options.settings);
	argc = take_command(&line.options, argc, argv);
	operand = chat_opt_parse(argc, argv, table, &usage, &line);
	line.options.urls = argv + operand;
	line.options.url_count = (size_t)(argc - operand);
	listener->history = (enum listener_history)line.history;
	listener->color = want_color(line.color);
	if (line.no_reconnect)
		listener->retry_for_ms = 0;
	read_since(&listener->since, line.since);
	check(&line);
	*options = line.options;
}

void
options_free(struct options *options)
{
	settings_free(&options->settings);
	chat_strings_free(&options->types);
	chat_strings_free(&options->listener.filter.from);
}
