/* Command lines: what lands where, what is refused in which words, what --help shows. */
#include "command/opt_parse.h"

#include <errno.h>
#include <stdlib.h>

#include "child.h"
#include "command/diag.h"
#include "tap.h"
#include "text/utf8.h"

/* Settings as a command has them. */
struct settings {
	bool quiet, follow, reply_given;
	const char *url;
	struct chat_strings files;
	int64_t count, wait_ms, line_bytes, reply;
	int format;
};

static const char *const formats[] = {"text", "json", NULL};

static const struct chat_opt table[] = {
	{.name = "Connection", .kind = CHAT_OPT_HEADING},
	{.letter = 'U',
		.name = "url",
		.kind = CHAT_OPT_STRING,
		.offset = offsetof(struct settings, url),
		.argument = "URL",
		.help = "the server and channel"},
	{.name = "Output", .kind = CHAT_OPT_HEADING},
	{.letter = 'q',
		.name = "quiet",
		.kind = CHAT_OPT_FLAG,
		.offset = offsetof(struct settings, quiet),
		.help = "say nothing"},
	{.name = "no-follow",
		.kind = CHAT_OPT_UNFLAG,
		.offset = offsetof(struct settings, follow),
		.help = "end at once"},
	{.letter = 'f',
		.name = "file",
		.kind = CHAT_OPT_STRINGS,
		.offset = offsetof(struct settings, files),
		.argument = "PATH",
		.help = "a file; may be given more than once, and then all of them are "
			"sent, in the order of the command line"},
	{.letter = 'C',
		.name = "count",
		.kind = CHAT_OPT_NUMBER,
		.offset = offsetof(struct settings, count),
		.argument = "N",
		.help = "end after N lines",
		.min = 1,
		.max = 100},
	{.letter = 'W',
		.name = "wait",
		.kind = CHAT_OPT_DURATION,
		.offset = offsetof(struct settings, wait_ms),
		.argument = "TIME",
		.help = "end after a time",
		.min = 10,
		.max = 60000},
	{.name = "max-line",
		.kind = CHAT_OPT_SIZE,
		.offset = offsetof(struct settings, line_bytes),
		.argument = "SIZE",
		.help = "longest line",
		.min = 2},
	{.name = "format",
		.kind = CHAT_OPT_CHOICE,
		.offset = offsetof(struct settings, format),
		.argument = "FORMAT",
		.help = "text or json",
		.choices = formats},
	{.letter = 'r',
		.name = "reply",
		.kind = CHAT_OPT_NUMBER,
		.offset = offsetof(struct settings, reply),
		.argument = "N",
		.help = "wait for N answers",
		.optional = true,
		.given = offsetof(struct settings, reply_given)},
	{.letter = 'x',
		.kind = CHAT_OPT_NUMBER,
		.offset = offsetof(struct settings, reply),
		.argument = "N",
		.help = "has no long name",
		.min = -5,
		.max = 5},
	{.name = "a-name-longer-than-the-column",
		.kind = CHAT_OPT_STRING,
		.offset = offsetof(struct settings, url),
		.argument = "X",
		.help = "stands alone"},
	{0},
};

static const struct chat_usage usage = {.synopsis = "[OPTION…] [WORD…]\n-f PATH…",
	.about = "Test the options.",
	.epilogue = "The end."};

struct run {
	const char *argv[12]; /* without the program's name, NULL-terminated */
	bool stop;
};

static int
parse(const struct run *run, struct settings *settings, char **argv)
{
	struct chat_usage stopping = usage;
	int argc = 1;

	argv[0] = (char *)"chat-x";
	while ((argv[argc] = (char *)run->argv[argc - 1]))
		argc++;
	*settings = (struct settings){.follow = true, .reply = 7, .count = 50};
	stopping.stop_at_operand = run->stop;
	return chat_opt_parse(argc, argv, table, &stopping, settings);
}

static void
test_nothing(void)
{
	struct settings settings;
	char *argv[16];

	is_int(parse(&(struct run){{NULL}, false}, &settings, argv), 1,
		"no arguments, no operands");
	ok(!settings.quiet && settings.follow && !settings.url && settings.count == 50 &&
			!settings.reply_given && settings.files.count == 0,
		"the defaults stay");
}

static void
test_long_names(void)
{
	struct settings settings;
	char *argv[16];
	int first = parse(
		&(struct run){{"--url=ws://h/", "--quiet", "word", "--no-follow", "--count", "100",
				      "--wait=1.5s", "--max-line=64k", "--format", "json", "-"},
			false},
		&settings, argv);

	is_int(first, 10, "options first");
	is_str(argv[first], "word", "then a word");
	is_str(argv[first + 1], "-", "then a dash, which is no option");
	is_str(settings.url, "ws://h/", "a string");
	ok(settings.quiet, "a flag");
	ok(!settings.follow, "a flag that takes away");
	is_int(settings.count, 100, "a number");
	is_int(settings.wait_ms, 1500, "a duration");
	is_int(settings.line_bytes, 65536, "a size");
	is_int(settings.format, 1, "a choice");
}

static void
test_letters(void)
{
	struct settings settings;
	char *argv[16];
	int first = parse(&(struct run){{"-qUws://h/", "-f", "one", "-ftwo", "-C", "1", "-x-5",
						"--", "-q", "--url"},
				  false},
		&settings, argv);

	is_int(first, 9, "letters");
	is_str(argv[first], "-q", "behind -- all are operands");
	is_str(settings.url, "ws://h/", "joined behind a flag");
	is_int(settings.files.count, 2, "repeated");
	is_str(settings.files.at[0], "one", "in order");
	is_str(settings.files.at[1], "two", "all kept");
	is_int(settings.count, 1, "the least");
	is_int(settings.reply, -5, "a negative number where one may be");
	chat_strings_free(&settings.files);
	ok(!settings.files.at && settings.files.count == 0, "the list is freed");
}

static void
test_prefix_and_repetition(void)
{
	struct settings settings;
	char *argv[16];

	parse(&(struct run){{"--qui", "--count=3", "--count=4"}, false}, &settings, argv);
	ok(settings.quiet, "a long name may be cut short");
	is_int(settings.count, 4, "the last one counts");
	parse(&(struct run){{"--url="}, false}, &settings, argv);
	is_str(settings.url, "", "an empty string is a string");
}

static void
test_optional(void)
{
	struct settings settings;
	char *argv[16];

	is_int(parse(&(struct run){{"--reply", "3"}, false}, &settings, argv), 2,
		"3 is an operand");
	ok(settings.reply_given && settings.reply == 7, "given without a value keeps the default");
	parse(&(struct run){{"--reply=3"}, false}, &settings, argv);
	ok(settings.reply_given && settings.reply == 3, "given with one");
	parse(&(struct run){{"-r4"}, false}, &settings, argv);
	ok(settings.reply_given && settings.reply == 4, "by its letter");
	parse(&(struct run){{"-r", "4"}, false}, &settings, argv);
	ok(settings.reply_given && settings.reply == 7, "by its letter, without");
}

static void
test_stop(void)
{
	struct settings settings;
	char *argv[16];

	is_int(parse(&(struct run){{"-q", "jq", "-c", "--url"}, true}, &settings, argv), 2,
		"options end at the first operand where asked");
	is_str(argv[2], "jq", "which is left in place");
	ok(settings.quiet && !settings.url, "what follows is not ours");
}

static void
run_parse(void *arg)
{
	struct settings settings;
	char *argv[16];

	program_invocation_short_name = (char *)"chat-x";
	parse(arg, &settings, argv);
	chat_strings_free(&settings.files);
}

/* Command lines that end in 64, and what is said. */
static const struct {
	struct run run;
	const char *sentence;
} refused[] = {
	{{{"--foo"}, false}, "unrecognized option '--foo'"},
	{{{"--foo=bar"}, false}, "unrecognized option '--foo'"},
	{{{"word", "--foo"}, false}, "unrecognized option '--foo'"},
	{{{"-z"}, false}, "invalid option -- 'z'"},
	{{{"-qz"}, false}, "invalid option -- 'z'"},
	{{{"-\x1B"}, false}, "invalid option -- '\\x1b'"},
	{{{"--\x1B[31m"}, false}, "unrecognized option '--\\x1b[31m'"},
	{{{"--f"}, false}, "option '--f' is ambiguous; possibilities: '--file' '--format'"},
	{{{"--url"}, false}, "option '--url' requires an argument"},
	{{{"-U"}, false}, "option requires an argument -- 'U'"},
	{{{"-qU"}, false}, "option requires an argument -- 'U'"},
	{{{"--quiet=yes"}, false}, "option '--quiet' doesn't allow an argument"},
	{{{"--help=yes"}, false}, "option '--help' doesn't allow an argument"},
	{{{"--count=0"}, false}, "--count '0': too small, the least is 1"},
	{{{"--count=101"}, false}, "--count '101': too large, the most is 100"},
	{{{"-C", "ten"}, false}, "--count 'ten': not a number"},
	{{{"--count="}, false}, "--count '': not a number"},
	{{{"--count=99999999999999999999"}, false}, "--count '99999999999999999999': too large"},
	{{{"--wait=9ms"}, false}, "--wait '9ms': too small, the least is 10 ms"},
	{{{"--wait=60.001"}, false}, "--wait '60.001': too large, the most is 60000 ms"},
	{{{"--wait=soon"}, false},
		"--wait 'soon': not a duration such as 500ms, 10s, 5m, 2h or 7d"},
	{{{"--wait=-1s"}, false}, "--wait '-1s': not a duration such as 500ms, 10s, 5m, 2h or 7d"},
	{{{"--max-line=1"}, false}, "--max-line '1': too small, the least is 2 bytes"},
	{{{"--max-line=1x"}, false}, "--max-line '1x': not a size such as 4096, 64k, 8M or 1G"},
	{{{"--format=xml"}, false}, "--format 'xml': not one of text, json"},
	{{{"--format="}, false}, "--format '': not one of text, json"},
	{{{"-x6"}, false}, "-x '6': too large, the most is 5"},
	{{{"-x-6"}, false}, "-x '-6': too small, the least is -5"},
	{{{"--reply=-1"}, false}, "--reply '-1': too small, the least is 0"},
};

static void
test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct run run = refused[i].run;
		struct child child;
		char want[512];

		snprintf(want, sizeof(want),
			"chat-x: %s\nTry 'chat-x --help' for more information.\n",
			refused[i].sentence);
		child_run(&child, run_parse, &run);
		is_int(child.status, CHAT_EXIT_USAGE, "refused: %s", refused[i].sentence);
		is_str(child.err, want, "in these words");
		is_str(child.out, "", "and nothing on stdout");
	}
}

static const char help_text[] =
	"Usage: chat-x [OPTION…] [WORD…]\n"
	"       chat-x -f PATH…\n"
	"Test the options.\n"
	"\n"
	"Connection:\n"
	"  -U, --url=URL        the server and channel\n"
	"\n"
	"Output:\n"
	"  -q, --quiet          say nothing\n"
	"      --no-follow      end at once\n"
	"  -f, --file=PATH      a file; may be given more than once, and then all of them\n"
	"                       are sent, in the order of the command line\n"
	"  -C, --count=N        end after N lines\n"
	"  -W, --wait=TIME      end after a time\n"
	"      --max-line=SIZE  longest line\n"
	"      --format=FORMAT  text or json\n"
	"  -r, --reply[=N]      wait for N answers\n"
	"  -x N                 has no long name\n"
	"      --a-name-longer-than-the-column=X\n"
	"                       stands alone\n"
	"  -h, --help           print this and exit\n"
	"  -V, --version        print the version and exit\n"
	"\n"
	"The end.\n";

static void
test_help(void)
{
	struct run runs[] = {
		{{"--help"}, false}, {{"-h"}, false}, {{"word", "-qh", "--foo"}, false}};
	struct child child;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		child_run(&child, run_parse, &runs[i]);
		is_int(child.status, 0, "help exits with 0");
		is_str(child.out, help_text, "and is on stdout");
		is_str(child.err, "", "alone");
	}
	for (const char *line = help_text, *end; (end = strchr(line, '\n')); line = end + 1)
		if (chat_utf8_count(line, (size_t)(end - line)) > 80)
			ok(false, "a line of help is wider than 80");
}

/* Settings inside of others, with a table of their own. */
struct outer {
	int64_t before;
	struct inner {
		int64_t wait_ms, bytes, rate;
		int how;
		bool loud;
	} inner;
};

static const struct chat_opt inner_table[] = {
	{0, "wait", CHAT_OPT_DURATION, offsetof(struct inner, wait_ms), .argument = "TIME",
		.help = "how long (%s)"},
	{0, "bytes", CHAT_OPT_SIZE, offsetof(struct inner, bytes), .argument = "SIZE",
		.help = "(%s) at most", .needs = "wait"},
	{0, "rate", CHAT_OPT_NUMBER, offsetof(struct inner, rate), .argument = "N", .implied = 20,
		.help = "%s"},
	{0, "how", CHAT_OPT_CHOICE, offsetof(struct inner, how), .argument = "HOW",
		.choices = formats, .help = "text or json (%s)"},
	{0, "loud", CHAT_OPT_FLAG, offsetof(struct inner, loud), .help = "for %s", .implied = 3},
	{0},
};

static const struct chat_opt outer_table[] = {
	{0, "before", CHAT_OPT_NUMBER, offsetof(struct outer, before), .argument = "N",
		.help = "first (%s)"},
	{.kind = CHAT_OPT_TABLE, .table = inner_table, .offset = offsetof(struct outer, inner)},
	{0},
};

static void
parse_outer(const struct run *run, struct outer *outer)
{
	char *argv[16] = {(char *)"chat-x"};
	int argc = 1;

	while ((argv[argc] = (char *)run->argv[argc - 1]))
		argc++;
	*outer = (struct outer){7, {.wait_ms = 90000, .bytes = 1 << 20, .rate = -1, .how = 1}};
	chat_opt_parse(argc, argv, outer_table, &usage, outer);
}

static void
run_outer(void *run)
{
	struct outer outer;

	program_invocation_short_name = (char *)"chat-x";
	parse_outer(run, &outer);
}

static void
test_table_in_table(void)
{
	struct outer outer;

	parse_outer(&(struct run){{"--how=text", "--before=8", "--bytes=2k", "--wait=1", "--loud"},
			    false},
		&outer);
	ok(outer.before == 8 && outer.inner.wait_ms == 1000 && outer.inner.bytes == 2048 &&
			outer.inner.rate == -1 && outer.inner.how == 0 && outer.inner.loud,
		"the options of a table inside go to the settings inside");
}

static void
test_needs(void)
{
	struct run run = {{"--bytes=2k"}, false};
	struct child child;

	child_run(&child, run_outer, &run);
	is_int(child.status, CHAT_EXIT_USAGE, "an option without the one that it needs is refused");
	is_str(child.err,
		"chat-x: --bytes is about a --wait\nTry 'chat-x --help' for more information.\n",
		"which is named");
}

static void
test_default_in_help(void)
{
	struct run run = {{"--wait=5s", "--before=1", "--help"}, false};
	struct child child;
	const char *options;

	child_run(&child, run_outer, &run);
	options = strstr(child.out, "      --before");
	if (!ok(options != NULL, "help has options"))
		return;
	*strstr(child.out, "  -h, --help") = '\0';
	is_str(options,
		"      --before=N    first (7)\n"
		"      --wait=TIME   how long (90s)\n"
		"      --bytes=SIZE  (1M) at most\n"
		"      --rate=N      20\n"
		"      --how=HOW     text or json (json)\n"
		"      --loud        for 3\n",
		"it shows the defaults, whatever is given before it");
}

static void
run_bare_help(void *unused)
{
	static const struct chat_opt none[] = {{.name = NULL}};
	static const struct chat_usage bare = {.synopsis = "FILE", .about = "Nothing else."};
	char *argv[] = {(char *)"chat-x", (char *)"-h", NULL};

	(void)unused;
	program_invocation_short_name = (char *)"chat-x";
	chat_opt_parse(2, argv, none, &bare, NULL);
}

static void
test_bare_help(void)
{
	struct child child;

	child_run(&child, run_bare_help, NULL);
	is_str(child.out,
		"Usage: chat-x FILE\nNothing else.\n\n  -h, --help     print this and exit\n"
		"  -V, --version  print the version and exit\n",
		"a command without options has two");
}

static void
test_version(void)
{
	struct run runs[] = {{{"--version"}, false}, {{"-V"}, false}};
	struct child child;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		child_run(&child, run_parse, &runs[i]);
		is_int(child.status, 0, "version exits with 0");
		is_str(child.out, "chat-x (chat tools) " CHAT_VERSION "\n", "and names itself");
	}
}

static void
run_into_full(void *arg)
{
	int full = open("/dev/full", O_WRONLY);

	if (full < 0 || dup2(full, STDOUT_FILENO) < 0)
		abort();
	run_parse(arg);
}

static void
test_full_stdout(void)
{
	struct run runs[] = {{{"--help"}, false}, {{"--version"}, false}};
	struct child child;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		child_run(&child, run_into_full, &runs[i]);
		is_int(child.status, CHAT_EXIT_IO, "%s to /dev/full is an error", runs[i].argv[0]);
		is_str(child.err, "chat-x: stdout: No space left on device\n", "that is said");
	}
}

int
main(void)
{
	test_nothing();
	test_long_names();
	test_letters();
	test_prefix_and_repetition();
	test_optional();
	test_stop();
	test_refused();
	test_help();
	test_table_in_table();
	test_needs();
	test_default_in_help();
	test_bare_help();
	test_version();
	test_full_stdout();
	return done();
}
