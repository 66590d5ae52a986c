/*
 * chat-send sends messages and waits until the server has accepted each of them. The options, the
 * wiring and the exit status are here; the loop is in send/sender_turn.c.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "common/settings.h"
#include "send/sender.h"
#include "send/source.h"

#define WINDOW_MOST 65536

static const char *const ack_words[] = {"auto", "nonce", "echo", "close", NULL};

static const struct chat_usage usage = {
	.synopsis = "[OPTION...] WORD...\n[OPTION...] [-l] <LINES\n[OPTION...] -f FILE...",
	.about = "Send messages to a chat channel and wait until each is accepted.",
	.epilogue =
		"Without words or files, messages are read from stdin, one JSON object a line:\n"
		"{\"type\":\"text\",\"text\":\"hello\"}. What the server accepted is printed.",
};

struct options {
	struct settings settings;
	struct source_options source;
	struct sender_options sender;
	const char *speed; /* the text of --speed; NULL: not given */
	int ack; /* enum ack */
	bool retry_given; /* --retry-for */
	bool reply_given;
};

#define AT(field) offsetof(struct options, field)

static const struct options defaults = {
	.sender.window = 256,
	.sender.retry_for_ms = 30000,
};

static const struct chat_opt table[] = {
	{.name = "What to send", .kind = CHAT_OPT_HEADING},
	{'l', "lines", CHAT_OPT_FLAG, AT(source.lines), .help = "each line of stdin is a text"},
	{'f', "file", CHAT_OPT_STRINGS, AT(source.files), .argument = "FILE",
		.help = "send a file; - is stdin (repeatable)"},
	{0, "name", CHAT_OPT_STRING, AT(source.name), .argument = "NAME",
		.help = "the file's name, as receivers see it"},
	{0, "mime", CHAT_OPT_STRING, AT(source.mime), .argument = "TYPE",
		.help = "the file's media type (found by its content)"},
	{0, "replay", CHAT_OPT_STRING, AT(source.replay), .argument = "FILE",
		.help = "the messages of a log, again; - is stdin"},
	{0, "speed", CHAT_OPT_STRING, AT(speed), .argument = "FACTOR",
		.help = "replay with the pauses of the log, 2: twice as fast (at once)"},
	{0, "split", CHAT_OPT_FLAG, AT(source.split),
		.help = "cut texts that are too long into several"},
	{0, "replace", CHAT_OPT_FLAG, AT(source.replace),
		.help = "put U+FFFD for what of a text is not UTF-8"},
	{.name = "How", .kind = CHAT_OPT_HEADING},
	{0, "ack", CHAT_OPT_CHOICE, AT(ack), .argument = "HOW", .choices = ack_words,
		.help = "accepted is known by: auto, nonce, echo, close (%s)"},
	{0, "window", CHAT_OPT_NUMBER, AT(sender.window), .argument = "N", .min = 1,
		.max = WINDOW_MOST, .help = "messages unacknowledged at a time (%s)"},
	{0, "retry-for", CHAT_OPT_DURATION, AT(sender.retry_for_ms), .argument = "TIME",
		.given = AT(retry_given), .endless = "forever",
		.help = "how long to try to connect, again or at all (%s, 0, forever)"},
	{'W', "timeout", CHAT_OPT_DURATION, AT(sender.timeout_ms), .argument = "TIME", .min = 1,
		.help = "give up after this time, with status 124"},
	{0, "visible", CHAT_OPT_FLAG, AT(sender.visible),
		.help = "announce to the channel that we come and go"},
	{0, "reply", CHAT_OPT_NUMBER, AT(sender.replies), .argument = "N", .optional = true,
		.given = AT(reply_given), .min = 1,
		.help = "wait for N answers (1) and print them, too"},
	{'T', "tee", CHAT_OPT_FLAG, AT(sender.tee),
		.help = "print the accepted messages as given, not receipts"},
	{0, "full-receipts", CHAT_OPT_FLAG, AT(sender.full_receipts),
		.help = "the receipt of a file carries its data"},
	{'q', "quiet", CHAT_OPT_FLAG, AT(sender.quiet), .help = "print no receipts"},
	{.kind = CHAT_OPT_TABLE, .table = settings_options, .offset = AT(settings)},
	{0},
};

/* Reads the options. Returns the index of the first operand. */
static int
parse(struct options *options, int argc, char **argv)
{
	struct sender_options *sender = &options->sender;
	int operand;

	*options = defaults;
	settings_init(&options->settings);
	operand = chat_opt_parse(argc, argv, table, &usage, options);
	sender->ack = (enum ack)options->ack;
	sender->retry_first = options->retry_given && sender->retry_for_ms != 0;
	if (options->reply_given && sender->replies == 0)
		sender->replies = 1;
	return operand;
}

/*
 * Refuses "--reply 2". getopt_long takes the value of an option with an optional argument only
 * after an equals sign, so that this would wait for one answer and send "2".
 */
static void
check_reply_value(int argc, char **argv)
{
	const char *value;

	for (int i = 1; i + 1 < argc && strcmp(argv[i], "--") != 0; i++) {
		value = argv[i + 1];
		if (strcmp(argv[i], "--reply") == 0 && *value &&
			strspn(value, "0123456789") == strlen(value))
			chat_die_usage("--reply %s: the number of answers is written --reply=%s; "
				       "before a text of that number, --reply=1",
				value, value);
	}
}

/* Takes the operands as words to send. A single "-" is no word: messages are read from stdin. */
static void
take_words(struct source_options *source, char **words, int count)
{
	bool dash = count == 1 && strcmp(*words, "-") == 0;

	if (dash && (source->files.count > 0 || source->replay))
		chat_die_usage(
			"- reads messages from stdin: --file and --replay do not go with it");
	source->words = words;
	source->word_count = dash ? 0 : (size_t)count;
}

/* Returns the factor of --speed, or 0 (no pauses) if it is not given. */
static double
read_speed(const char *text, const char *replay)
{
	double speed;
	char *end;

	if (!text)
		return 0;
	if (!replay)
		chat_die_usage("--speed is for --replay");
	speed = strtod(text, &end);
	if (end == text || *end || !(speed > 0 && speed <= 1e6))
		chat_die_usage("--speed '%s': not a number above 0", text);
	return speed;
}

static void
check_source(const struct source_options *source)
{
	bool operands = source->word_count > 0 || source->files.count > 0;

	if (source->replay && (operands || source->lines))
		chat_die_usage("--replay does not go with words, --lines and --file");
	if (source->split && !source->lines && source->word_count == 0)
		chat_die_usage("--split is for words and --lines");
	if (source->replace && !source->lines && source->word_count == 0)
		chat_die_usage("--replace is for words and --lines");
	if (source->lines && operands)
		chat_die_usage("--lines reads stdin: words and --file do not go with it");
}

static void
check_files(const struct source_options *source)
{
	if ((source->name || source->mime) && source->files.count == 0)
		chat_die_usage("--name and --mime are about a --file");
	if (source->name && source->files.count > 1)
		chat_die_usage("--name is for one --file");
	for (size_t i = 0; i < source->files.count; i++)
		if (strcmp(source->files.at[i], "-") == 0 && !source->name)
			chat_die_usage("--file - needs --name");
}

static _Noreturn void
die(const struct chat_err *err)
{
	if (err->code == CHAT_USAGE)
		chat_die_usage("%s", err->text);
	chat_die(chat_exit_status(err->code), "%s", err->text);
}

/* Reads and checks the command line and the environment, or exits. */
static void
read_options(struct options *options, int argc, char **argv, struct chat_url_list *urls)
{
	struct source_options *source = &options->source;
	struct chat_err err;
	int operand;

	check_reply_value(argc, argv);
	operand = parse(options, argc, argv);
	take_words(source, argv + operand, argc - operand);
	if (options->sender.replies > 0 && options->sender.ack == ACK_CLOSE)
		chat_die_usage("--reply needs the ids that --ack=close does not bring");
	check_source(source);
	check_files(source);
	source->speed = read_speed(options->speed, source->replay);
	if (settings_finish(&options->settings, &err) < 0 ||
		settings_urls(&options->settings, NULL, urls, &err) < 0)
		die(&err);
	source->channel = urls->at[0].url.channel;
}

static void
options_free(struct options *options)
{
	settings_free(&options->settings);
	chat_strings_free(&options->source.files);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct source source;
	struct chat_url_list urls;
	struct sender sender = {.settings = &options.settings,
		.options = &options.sender,
		.urls = &urls,
		.source = &source};
	struct chat_err err;
	int status;

	chat_start();
	read_options(&options, argc, argv, &urls);
	if (source_open(&source, &options.source, &err) < 0 ||
		signals_open(&sender.signals, &err) < 0)
		die(&err);
	output_open(&sender.report.output, STDOUT_FILENO);
	status = sender_run(&sender);
	output_close(&sender.report.output);
	signals_close(&sender.signals);
	source_close(&source);
	chat_url_list_free(&urls);
	options_free(&options);
	if (status < 0)
		chat_die_by_signal(-status);
	return status;
}
