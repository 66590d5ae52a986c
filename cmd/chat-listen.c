/*
 * chat-listen prints the messages of channels. This file connects the parts and returns the exit
 * status. The options are in listen/options.c, the loop is in listen/listener_turn.c.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/confine.h"
#include "command/diag.h"
#include "common/settings.h"
#include "listen/bot.h"
#include "listen/from_log.h"
#include "listen/listener.h"
#include "listen/options.h"
#include "text/buf.h"

static _Noreturn void
die(const struct chat_err *err)
{
	if (err->code == CHAT_USAGE)
		chat_die_usage("%s", err->text);
	chat_die(chat_exit_status(err->code), "%s", err->text);
}

/*
 * Returns the URLs of the operands, each a list of servers, or of the settings if there are none.
 * free_urls() frees them.
 */
static struct chat_url_list *
read_urls(const struct options *options, size_t *count)
{
	bool given = options->url_count > 0;
	struct chat_url_list *urls;
	struct chat_err err;

	*count = given ? options->url_count : 1;
	urls = chat_alloc_zeroed(*count, sizeof(urls[0]));
	for (size_t i = 0; i < *count; i++)
		if (settings_urls(&options->settings, given ? options->urls[i] : NULL, &urls[i],
			    &err) < 0)
			die(&err);
	return urls;
}

static void
free_urls(struct chat_url_list *urls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		chat_url_list_free(&urls[i]);
	free(urls);
}

/* Opens the output for --quiet. */
static int
open_null(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		chat_die(CHAT_EXIT_CANNOT_CREATE, "/dev/null: %m");
	return fd;
}

/*
 * Opens the cursor file and the directory of --save-files, so that an error ends the program before
 * it connects.
 */
static void
open_files(struct options *options, struct listener *listener)
{
	struct chat_err err;

	if (options->cursor_file &&
		(cursor_open(&listener->cursor, options->cursor_file, &err) < 0 ||
			cursor_save(&listener->cursor, &err) < 0))
		die(&err);
	options->listener.saves = options->save_dir != NULL;
	if (options->save_dir && saver_open(&listener->printer.saver, options->save_dir, &err) < 0)
		die(&err);
}

/*
 * Gives up the right to write files outside the directory of --save-files, because strangers choose
 * their names. A command of --exec would inherit this, so with --exec nothing is given up.
 */
static void
confine(const struct options *options)
{
	struct chat_confine confine;
	struct chat_err err;

	if (!options->save_dir || options->command)
		return;
	chat_confine_begin(&confine, CHAT_CONFINE_WRITE | CHAT_CONFINE_EXECUTE);
	chat_confine_leave(&confine, options->save_dir, CHAT_CONFINE_WRITE);
	if (options->cursor_file)
		chat_confine_leave_beside(&confine, options->cursor_file, CHAT_CONFINE_WRITE);
	if (chat_confine_end(&confine, &err) < 0)
		die(&err);
}

/* Opens stdout, or starts the command of --exec and opens its stdin. */
static void
open_output(const struct options *options, struct listener *listener, struct bot *bot)
{
	struct chat_err err;

	if (!options->command) {
		output_open(&listener->printer.output, options->output_fd);
		output_mend(&listener->printer.output);
		return;
	}
	*bot = (struct bot){
		.command = {.argv = options->command, .signals = &listener->signals.before},
		.restart = options->restart,
	};
	if (signals_add_children(&listener->signals, &err) < 0)
		die(&err);
	if (bot_open(bot, &listener->printer.output, &options->settings.login.identity, &err) < 0)
		chat_die(bot->command.status ? bot->command.status : chat_exit_status(err.code),
			"%s", err.text);
	bot->unanswered.kept = options->cursor_file != NULL;
	listener->bot = bot;
}

static void
close_all(const struct options *options, struct listener *listener)
{
	if (listener->bot)
		bot_close(listener->bot);
	else
		output_close(&listener->printer.output);
	if (options->save_dir)
		saver_close(&listener->printer.saver);
	cursor_close(&listener->cursor);
	signals_close(&listener->signals);
}

/* Listens to servers. Returns the exit status, or the negated number of the signal to die by. */
static int
watch(struct options *options)
{
	struct listener listener = {.settings = &options->settings, .options = &options->listener};
	struct chat_url_list *urls;
	struct chat_err err;
	struct bot bot;
	size_t count;
	int status;

	urls = read_urls(options, &count);
	options->output_fd = options->quiet ? open_null() : STDOUT_FILENO;
	open_files(options, &listener); /* before signals_open: a signal ends a slow open */
	if (signals_open(&listener.signals, &err) < 0)
		die(&err);
	confine(options);
	open_output(options, &listener, &bot);
	status = listener_run(&listener, urls, count);
	close_all(options, &listener);
	free_urls(urls, count);
	return status;
}

/* Prints a log. Returns the exit status. */
static int
show_log(const struct options *options)
{
	struct from_log from = {options->log, &options->listener, &options->settings.login.identity,
		NULL, options->quiet ? open_null() : STDOUT_FILENO};
	struct saver saver;
	struct chat_err err;
	int status;

	if (!options->save_dir)
		return from_log_show(&from);
	if (saver_open(&saver, options->save_dir, &err) < 0)
		die(&err);
	from.saver = &saver;
	confine(options);
	status = from_log_show(&from);
	saver_close(&saver);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct chat_err err;
	int status;

	chat_start();
	options_parse(&options, argc, argv);
	if (filter_types(&options.listener.filter, &options.types, &err) < 0 ||
		settings_finish(&options.settings, &err) < 0)
		die(&err);
	status = options.log ? show_log(&options) : watch(&options);
	options_free(&options);
	if (status < 0)
		chat_die_by_signal(-status);
	return status;
}
