/*
 * What chat-listen can be told, in the order of its --help.
 */
#include "listen/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"

#define OWN_OPTS 40
#define MAX_HOPS 8

static const char *const history_words[] = {"auto", "line", "flat", "none", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* What is read and then means something else. */
struct raw {
	int history;
	int color;
	const char *since;
	bool no_reconnect;
	bool exec;
	bool hops_given;
};

static const struct chat_usage usage = {
	.synopsis = "[OPTION…] [URL…]\n[OPTION…] [URL] --exec COMMAND [ARGUMENT…]",
	.about = "Print what a chat server says: one JSON object a line.",
};

struct table {
	struct chat_opt opts[OWN_OPTS + SETTINGS_OPTS + 1];
	size_t count;
};

static void
add(struct table *table, const struct chat_opt *opts, size_t count)
{
	if (table->count + count > OWN_OPTS)
		abort();
	memcpy(table->opts + table->count, opts, count * sizeof(opts[0]));
	table->count += count;
}

static void
add_what(struct table *table, struct options *options, struct raw *raw)
{
	struct listener_options *listener = &options->listener;
	const struct chat_opt opts[] = {
		{.name = "What", .kind = CHAT_OPT_HEADING},
		{'t', "type", CHAT_OPT_STRINGS, &options->types, .argument = "TYPE,…",
			.help = "message, error, userData, userStatus, history (all)"},
		{0, "from", CHAT_OPT_STRINGS, &listener->filter.from, .argument = "NAME",
			.help = "from this user only (repeatable)"},
		{0, "no-self", CHAT_OPT_FLAG, &listener->filter.no_self,
			.help = "nothing that this process says"},
		{0, "no-user", CHAT_OPT_FLAG, &listener->filter.no_user,
			.help = "nothing that our user says"},
		{0, "no-loop", CHAT_OPT_FLAG, &listener->filter.no_loop,
			.help = "nothing that has been here, or that 8 programs led to"},
		{0, "max-hops", CHAT_OPT_NUMBER, &listener->filter.max_hops, .argument = "N",
			.min = 1, .max = CHAT_HOPS_MOST, .given = &raw->hops_given,
			.help = "with --no-loop: that many programs (8)"},
		{.name = "From where", .kind = CHAT_OPT_HEADING},
		{'n', "last", CHAT_OPT_NUMBER, &listener->last, .argument = "N",
			.help = "at most the last N messages of the history"},
		{0, "since", CHAT_OPT_STRING, &raw->since, .argument = "WHERE",
			.help = "what came after the message with this id, from a time on, or all"},
		{0, "cursor-file", CHAT_OPT_STRING, &options->cursor_file, .argument = "FILE",
			.help = "go on where the last listener with this file ended"},
		{0, "history", CHAT_OPT_CHOICE, &raw->history, .argument = "HOW",
			.choices = history_words,
			.help = "as one line, flat: a line each, none, or auto: flat to go on"},
		{0, "from-log", CHAT_OPT_STRING, &options->log, .argument = "FILE",
			.help = "a log of these tools in place of a server; -: stdin"},
	};

	add(table, opts, sizeof(opts) / sizeof(opts[0]));
}

static void
add_how_far(struct table *table, struct options *options, struct raw *raw)
{
	struct listener_options *listener = &options->listener;
	const struct chat_opt opts[] = {
		{.name = "How far", .kind = CHAT_OPT_HEADING},
		{'C', "count", CHAT_OPT_NUMBER, &listener->count, .argument = "N", .min = 1,
			.help = "stop after N lines"},
		{'W', "timeout", CHAT_OPT_DURATION, &listener->timeout_ms, .argument = "TIME",
			.help = "stop after this time, with status 124"},
		{0, "until-idle", CHAT_OPT_DURATION, &listener->until_idle_ms, .argument = "TIME",
			.help = "stop when nothing was printed for so long"},
		{0, "no-follow", CHAT_OPT_FLAG, &listener->no_follow,
			.help = "stop after what the server says on joining"},
		{0, "wait", CHAT_OPT_FLAG, &listener->wait,
			.help = "wait for a server that is not there yet"},
		{0, "retry-for", CHAT_OPT_DURATION, &listener->retry_for_ms, .argument = "TIME",
			.endless = "forever",
			.help = "how long to try to connect again (for ever)"},
		{0, "no-reconnect", CHAT_OPT_FLAG, &raw->no_reconnect,
			.help = "stop when the connection is lost"},
	};

	add(table, opts, sizeof(opts) / sizeof(opts[0]));
}

static void
add_how(struct table *table, struct options *options, struct raw *raw)
{
	struct listener_options *listener = &options->listener;
	const struct chat_opt opts[] = {
		{.name = "How", .kind = CHAT_OPT_HEADING},
		{'q', "quiet", CHAT_OPT_FLAG, &options->quiet,
			.help = "print no lines, only the exit status"},
		{'H', "human", CHAT_OPT_FLAG, &listener->human,
			.help = "for people: 12:01:07 <alice> hi"},
		{0, "color", CHAT_OPT_CHOICE, &raw->color, .argument = "WHEN",
			.choices = color_words, .help = "with --human: auto, always, never (auto)"},
		{0, "events", CHAT_OPT_FLAG, &listener->events,
			.help = "print {\"type\":\"$gap\"} where messages may be missing"},
		{0, "save-files", CHAT_OPT_STRING, &options->save_dir, .argument = "DIR",
			.help = "write files there; lines get a path in place of the data"},
		{0, "hidden", CHAT_OPT_FLAG, &listener->hidden,
			.help = "do not announce to the channel that we are here"},
		{.name = "As a bot", .kind = CHAT_OPT_HEADING},
		{0, "exec", CHAT_OPT_FLAG, &raw->exec,
			.help = "what follows is a command: it hears this, its lines are said"},
		{0, "restart", CHAT_OPT_FLAG, &options->restart,
			.help = "start the command again when it ends"},
	};

	add(table, opts, sizeof(opts) / sizeof(opts[0]));
}

static bool
want_color(int choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice != COLOR_AUTO)
		return choice == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

/* Where --exec stands: everything behind it is the command's. argc where it is not there. */
static int
find_exec(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--exec") == 0)
			return i;
	return argc;
}

static void
check(const struct options *options, const struct raw *raw)
{
	const struct listener_options *listener = &options->listener;
	bool is_bot = options->command && options->command[0];

	if ((raw->exec || options->command) && !is_bot)
		chat_die_usage("--exec needs a command");
	if (!is_bot && options->restart)
		chat_die_usage("--restart is about --exec");
	if (options->settings.url && options->url_count > 0)
		chat_die_usage("--url and the operand %s: give the URL once, or all as operands",
			options->urls[0]);
	if (raw->hops_given && !listener->filter.no_loop)
		chat_die_usage("--max-hops is about --no-loop and --exec");
	if (is_bot && options->url_count > 1)
		chat_die_usage("--exec is for one URL");
	if (is_bot && options->quiet)
		chat_die_usage("--quiet leaves a command nothing to hear");
	if (options->log && options->quiet)
		chat_die_usage("--quiet leaves nothing of a --from-log");
	if (is_bot && listener->human)
		chat_die_usage("--human is not for a command");
	if (options->log &&
		(is_bot || options->url_count > 0 || options->cursor_file || options->save_dir ||
			raw->since))
		chat_die_usage("--from-log reads a log: no server, position, bot or files");
}

static void
read_since(struct since *since, const char *text)
{
	struct chat_err err;

	if (text && since_read(since, text, chat_unix_ms(), &err) < 0)
		chat_die_usage("%s", err.text);
}

void
options_parse(struct options *options, int argc, char **argv)
{
	struct listener_options *listener = &options->listener;
	struct table table = {0};
	struct raw raw = {0};
	int own_argc = find_exec(argc, argv), operand;

	*options = (struct options){.listener = {.last = -1, .retry_for_ms = -1}};
	listener->filter.max_hops = MAX_HOPS;
	if (own_argc < argc) {
		options->command = argv + own_argc + 1;
		argv[own_argc] = NULL;
		listener->filter.no_self = listener->filter.no_loop = true;
		listener->filter.is_bot = true;
	}
	add_what(&table, options, &raw);
	add_how_far(&table, options, &raw);
	add_how(&table, options, &raw);
	settings_opts(&options->settings, table.opts + table.count);
	operand = chat_opt_parse(own_argc, argv, table.opts, &usage);
	options->urls = argv + operand;
	options->url_count = (size_t)(own_argc - operand);
	listener->history = (enum listener_history)raw.history;
	listener->color = want_color(raw.color);
	if (raw.no_reconnect)
		listener->retry_for_ms = 0;
	read_since(&listener->since, raw.since);
	check(options, &raw);
}
