/*
 * --from-log: prints the lines of a log that the filter selects, and saves their files. There is no
 * server.
 */
#include "listen/from_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "common/output.h"
#include "listen/human.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/json_strdup.h"
#include "text/line.h"

#define LINE_MAX_BYTES ((size_t)64 << 20) /* the longest line of the log */

struct log {
	const struct from_log *from;
	const struct listener_options *options;
	struct filter_place place;
	struct chat_lines lines;
	struct output output;
	struct human human;
	int64_t shown; /* lines */
	uint64_t bad; /* the number of lines that are no messages */
	char *channel; /* the first one that a line has; owned; NULL: none had one so far */
	bool names_channels; /* a line had another channel: from there on each line shows its own */
	int failed; /* the exit status of a file that could not be saved; 0: none */
	struct chat_buf saved; /* scratch */
};

/* Counts a line that is no message, and warns of it. */
static void
log_refuse(struct log *log, const struct chat_err *err)
{
	log->bad++;
	chat_warn("line %llu: %s: %s%s%s", (unsigned long long)log->lines.number,
		chat_code_word(err->code), err->field, *err->field ? ": " : "", err->text);
}

/*
 * Shows a message for people. From the first line on that has another channel than the lines before
 * it, also shows the channels.
 */
static void
log_show(struct log *log, const struct chat_msg *msg, struct chat_span line)
{
	bool has = msg->type != CHAT_TYPE_UNKNOWN && chat_msg_has(msg, CHAT_SLOT_CHANNEL);
	char *channel = has ? chat_json_strdup(&msg->value[CHAT_SLOT_CHANNEL]) : chat_strdup("");

	log->names_channels |= has && log->channel && strcmp(log->channel, channel) != 0;
	human_write(&log->human, output_buf(&log->output), msg,
		chat_span_of(log->names_channels ? channel : ""), line);
	if (!log->channel && has)
		log->channel = channel;
	else
		free(channel);
}

/*
 * Saves the file of a message. Returns the line to show: with the path instead of the data, or
 * unchanged if nothing was saved.
 */
static struct chat_span
log_save(struct log *log, const struct chat_msg *msg, struct chat_span line)
{
	struct chat_err err;
	int saved;

	if (!log->from->saver || msg->type == CHAT_TYPE_UNKNOWN)
		return line;
	saved = saver_save(log->from->saver, msg, line, &log->saved, &err);
	if (saved > 0)
		return chat_buf_span(&log->saved);
	if (saved < 0)
		chat_warn("line %llu: %s", (unsigned long long)log->lines.number, err.text);
	if (saved < 0 && err.code != CHAT_BAD_MESSAGE)
		log->failed = chat_exit_status(err.code);
	return line;
}

/*
 * Shows a line if the filter selects it. Also shows JSON of an unknown type, such as
 * {"type":"$gap"}, unless --type is given.
 */
static void
log_line(struct log *log, struct chat_span line)
{
	struct chat_err err;
	struct chat_msg msg;

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return;
	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, &err) == 0) {
		if (!filter_wants(&log->options->filter, &msg, &log->place))
			return;
	} else if (err.code == CHAT_UNKNOWN_TYPE) {
		if (log->options->filter.types)
			return;
		msg.type = CHAT_TYPE_UNKNOWN;
	} else {
		log_refuse(log, &err);
		return;
	}
	line = log_save(log, &msg, line);
	if (log->failed)
		return;
	if (log->options->human)
		log_show(log, &msg, line);
	else
		output_line(&log->output, line);
	log->shown++;
}

static bool
log_is_done(const struct log *log)
{
	return log->failed || (log->options->count > 0 && log->shown >= log->options->count);
}

enum log_state { LOG_WANTS_INPUT, LOG_IS_FULL, LOG_ENDED };

/* Shows the lines that are buffered, until the output is full or --count is reached. */
static enum log_state
log_take(struct log *log)
{
	struct chat_span line;
	struct chat_err err;

	while (!log_is_done(log)) {
		switch (chat_lines_take(&log->lines, &line)) {
		case CHAT_LINE_NONE:
			return LOG_WANTS_INPUT;
		case CHAT_LINE_END:
			return LOG_ENDED;
		case CHAT_LINE_TOO_LONG:
			chat_fail(&err, CHAT_TOO_LARGE, "a line of more than %zu bytes",
				LINE_MAX_BYTES);
			log_refuse(log, &err);
			break;
		default:
			log_line(log, line);
		}
		if (output_is_full(&log->output))
			return LOG_IS_FULL;
	}
	return LOG_ENDED;
}

/* Writes all pending output; waits while its reader is slow. Ends the program after an error. */
static void
log_flush(struct log *log)
{
	struct chat_err err;
	struct pollfd room;
	size_t count;
	int flushed;

	while ((flushed = output_flush(&log->output, &err)) == 0) {
		room = (struct pollfd){.fd = log->output.fd, .events = POLLOUT};
		poll(&room, 1, -1);
	}
	if (flushed > 0)
		return;
	if (errno == EPIPE)
		chat_die_by_signal(SIGPIPE);
	count = output_pending_lines(&log->output);
	chat_die(chat_exit_status(err.code), "%s: %zu %s", err.text, count,
		count > 1 ? "lines were not written" : "line was not written");
}

/* Waits for more of the log. Dies by SIGPIPE if nobody reads the output any more. */
static void
log_wait(const struct log *log)
{
	struct pollfd fds[] = {{log->lines.fd, POLLIN, 0}, {log->output.fd, 0, 0}};

	if (poll(fds, 2, -1) > 0 && (fds[1].revents & POLLERR))
		chat_die_by_signal(SIGPIPE);
}

static int
log_run(struct log *log, const char *name)
{
	enum log_state state;
	struct chat_err err;

	while ((state = log_take(log)) != LOG_ENDED) {
		log_flush(log);
		if (state == LOG_IS_FULL)
			continue;
		log_wait(log);
		if (chat_lines_fill(&log->lines, &err) < 0) {
			chat_warn("%s: %s", name, err.text);
			return CHAT_EXIT_NO_INPUT;
		}
	}
	log_flush(log);
	if (log->failed)
		return log->failed;
	return log->bad > 0 ? CHAT_EXIT_BAD_LINE : CHAT_EXIT_OK;
}

int
from_log_show(const struct from_log *from)
{
	bool standard = strcmp(from->path, "-") == 0;
	const char *name = standard ? "stdin" : from->path;
	struct log log = {.from = from, .options = from->options};
	struct via_here here = {0};
	int fd = standard ? STDIN_FILENO : open(from->path, O_RDONLY | O_CLOEXEC), status;

	if (fd < 0)
		chat_die(CHAT_EXIT_NO_INPUT, "%s: %s", name, strerror(errno));
	log.place = (struct filter_place){.self = from->self, .here = &here, .copies = true};
	human_begin(&log.human, from->options->color, false, from->output_fd);
	chat_lines_init(&log.lines, fd, LINE_MAX_BYTES);
	output_open(&log.output, from->output_fd);
	status = log_run(&log, name);
	output_close(&log.output);
	human_end(&log.human);
	free(log.channel);
	chat_buf_free(&log.saved);
	chat_lines_free(&log.lines);
	if (!standard)
		close(fd);
	return status;
}
