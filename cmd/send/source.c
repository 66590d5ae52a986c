/* The input of chat-send becomes a sequence of drafts: messages that were checked. */
#include "send/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message/hint.h"
#include "send/destination.h"
#include "send/replace_invalid.h"
#include "send/replay.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"
#include "text/span.h"
#include "text/utf8.h"

#define TEXT_MAX_POINTS ((size_t)1000) /* of a text, in code points, by the specification */
#define LINE_MAX_BYTES (16u << 20) /* of an input line */
#define PAUSE_MOST_MS ((int64_t)1 << 50) /* the longest pause of a replay */

/* Returns the words with blanks between them. The caller frees. */
static char *
join_words(char **words, size_t count)
{
	struct chat_buf text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			chat_buf_append(&text, " ", 1);
		chat_buf_append_string(&text, words[i]);
	}
	chat_buf_append(&text, "", 1);
	return text.at;
}

static int
open_uploads(struct source *source, const struct source_options *options, struct chat_err *err)
{
	size_t count = options->files.count;

	source->uploads = chat_alloc_zeroed(count + 1, sizeof(source->uploads[0]));
	for (; source->upload_count < count; source->upload_count++)
		if (upload_open(&source->uploads[source->upload_count],
			    options->files.at[source->upload_count], options->name, options->mime,
			    err) < 0)
			return -1;
	return 0;
}

/* Opens what lines are read from: stdin, or the log of --replay. */
static int
open_lines(struct source *source, const struct source_options *options, struct chat_err *err)
{
	int fd = STDIN_FILENO;

	if (options->replay && strcmp(options->replay, "-") != 0)
		fd = open(options->replay, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", options->replay, strerror(errno));
	chat_lines_init(&source->lines, fd, LINE_MAX_BYTES);
	return 0;
}

int
source_open(struct source *source, const struct source_options *options, struct chat_err *err)
{
	*source = (struct source){
		.lines_are_text = options->lines,
		.replays = options->replay != NULL,
		.channel = options->channel,
		.splits = options->split,
		.replaces = options->replace,
		.speed = options->speed,
		.first_logged_ms = -1,
		.due_ms = INT64_MAX,
	};
	if (options->word_count > 0)
		source->words = join_words(options->words, options->word_count);
	source->has_lines = options->word_count == 0 && options->files.count == 0;
	if (open_lines(source, options, err) == 0 && open_uploads(source, options, err) == 0)
		return 0;
	source_close(source);
	return -1;
}

void
source_close(struct source *source)
{
	for (size_t i = 0; i < source->upload_count; i++)
		upload_close(&source->uploads[i]);
	free(source->uploads);
	free(source->words);
	chat_draft_free(&source->held);
	chat_buf_free(&source->replaced);
	if (source->lines.fd > STDIN_FILENO)
		close(source->lines.fd);
	chat_lines_free(&source->lines);
	*source = (struct source){.ended = true};
}

/*
 * Returns the number of bytes of a text that go into one message: all, or if the text is too long
 * as many as fit, up to the end of a word if the second half of them has one.
 */
static size_t
piece_len(struct chat_span text)
{
	size_t len = 0, word = 0, points = 0, step;

	while (len < text.len && points < TEXT_MAX_POINTS) {
		chat_utf8_decode(text.at + len, &step);
		len += step;
		points++;
		if (text.at[len - 1] == ' ' && points > TEXT_MAX_POINTS / 2)
			word = len;
	}
	return len < text.len && word > 0 ? word : len;
}

/* Makes a draft of a text, or with --split of its first piece. source->rest is what remains. */
static int
take_text(struct source *source, struct chat_span text, struct draft *draft, struct chat_err *err)
{
	size_t len;

	if (source->replaces)
		text = replace_invalid(&source->replaced, text);
	len = text.len;
	source->rest.len = 0;
	if (source->splits && chat_utf8_check(text.at, text.len) == text.len) {
		len = piece_len(text);
		source->rest = (struct chat_span){text.at + len, text.len - len};
	}
	return chat_draft_text(draft, (struct chat_span){text.at, len}, NULL, err);
}

/* Turns the result of making a draft (-1: it failed) into a source_what. */
static enum source_what
what_of(int made)
{
	return made < 0 ? SOURCE_ILLEGAL : SOURCE_DRAFT;
}

static enum source_what
next_words(struct source *source, struct draft *draft, struct chat_err *err)
{
	source->words_taken = true;
	return what_of(take_text(source, chat_span_of(source->words), draft, err));
}

static enum source_what
next_upload(struct source *source, struct draft *draft, struct chat_err *err)
{
	struct upload *upload = &source->uploads[source->upload_next];
	int made;

	source->upload_next++;
	made = upload_draft(upload, draft, err);
	upload_close(upload);
	return what_of(made);
}

/* Makes a draft of a line of text. A CR before the newline belongs to the end of the line. */
static enum source_what
take_text_line(
	struct source *source, struct chat_span line, struct draft *draft, struct chat_err *err)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0)
		return SOURCE_NOTHING;
	return what_of(take_text(source, line, draft, err));
}

/*
 * Returns the time when a message of a log is due: as long after the first message as in the log,
 * divided by the speed.
 */
static int64_t
due_ms(struct source *source, int64_t logged_ms)
{
	int64_t now_ms = chat_now_ms();
	double after_ms;

	if (source->speed <= 0 || logged_ms < 0)
		return now_ms;
	if (source->first_logged_ms < 0) {
		source->first_logged_ms = logged_ms;
		source->first_sent_ms = now_ms;
	}
	after_ms = ((double)logged_ms - (double)source->first_logged_ms) / source->speed;
	if (after_ms < 0)
		return now_ms;
	return source->first_sent_ms +
		(after_ms < PAUSE_MOST_MS ? (int64_t)after_ms : PAUSE_MOST_MS);
}

static enum source_what
take_replay_line(
	struct source *source, struct chat_span line, struct draft *draft, struct chat_err *err)
{
	int64_t logged_ms;
	int made = replay_read(draft, line, &logged_ms, err);

	if (made <= 0)
		return made < 0 ? SOURCE_ILLEGAL : SOURCE_NOTHING;
	source->due_ms = due_ms(source, logged_ms);
	if (source->due_ms <= chat_now_ms()) {
		source->due_ms = INT64_MAX;
		return SOURCE_DRAFT;
	}
	source->held = *draft;
	return SOURCE_NOTHING;
}

/* Appends a hint to the error of a line: the way to send what its writer probably meant. */
static void
add_hint(struct chat_err *err, struct chat_span line)
{
	const char *hint = chat_hint(line);
	size_t len = strlen(err->text);

	while (line.len > 0 && (*line.at == ' ' || *line.at == '\t'))
		line = (struct chat_span){line.at + 1, line.len - 1};
	if (!hint && err->code == CHAT_BAD_JSON && line.len > 0 && !memchr("{[\"", *line.at, 3))
		hint = "lines of text are sent with -l";
	else if (err->code == CHAT_BAD_MESSAGE && strcmp(err->field, "/type") == 0)
		hint = "a text is {\"text\":\"...\"}";
	if (hint)
		snprintf(err->text + len, sizeof(err->text) - len, " (%s)", hint);
}

static enum source_what
take_message_line(
	struct source *source, struct chat_span line, struct draft *draft, struct chat_err *err)
{
	if (chat_draft_read(draft, line, err) < 0) {
		add_hint(err, line);
		return SOURCE_ILLEGAL;
	}
	if (destination_check(line, source->channel, err) < 0) {
		chat_draft_free(draft);
		return SOURCE_ILLEGAL;
	}
	return SOURCE_DRAFT;
}

/* Makes a draft of a line. Returns SOURCE_NOTHING for a line that is skipped. */
static enum source_what
take_line(struct source *source, struct chat_span line, struct draft *draft, struct chat_err *err)
{
	if (source->lines_are_text)
		return take_text_line(source, line, draft, err);
	if (chat_span_is_blank(line))
		return SOURCE_NOTHING;
	if (source->replays)
		return take_replay_line(source, line, draft, err);
	return take_message_line(source, line, draft, err);
}

static enum source_what
next_line(struct source *source, struct draft *draft, struct chat_err *err)
{
	struct chat_span line;
	enum source_what what = SOURCE_NOTHING;

	while (what == SOURCE_NOTHING && source->due_ms == INT64_MAX) {
		switch (chat_lines_take(&source->lines, &line)) {
		case CHAT_LINE_NONE:
			return SOURCE_NOTHING;
		case CHAT_LINE_END:
			return SOURCE_END;
		case CHAT_LINE_TOO_LONG:
			chat_fail(err, CHAT_TOO_LARGE, "a line of more than %u bytes",
				LINE_MAX_BYTES);
			return SOURCE_ILLEGAL;
		default:
			what = take_line(source, line, draft, err);
		}
	}
	return what;
}

/* Returns the held draft of a replay when it is due. */
static enum source_what
next_held(struct source *source, struct draft *draft)
{
	if (chat_now_ms() < source->due_ms)
		return SOURCE_NOTHING;
	*draft = source->held;
	source->held = (struct draft){0};
	source->due_ms = INT64_MAX;
	return SOURCE_DRAFT;
}

/* Takes the next message if no lines are read: the words, then each file. */
static enum source_what
next_counted(struct source *source, struct draft *draft, struct chat_err *err)
{
	source->number++;
	if (source->words && !source->words_taken)
		return next_words(source, draft, err);
	if (source->upload_next < source->upload_count) {
		if (source->uploads[source->upload_next].ended)
			return next_upload(source, draft, err);
		source->number--;
		return SOURCE_NOTHING;
	}
	return SOURCE_END;
}

enum source_what
source_next(struct source *source, struct draft *draft, uint64_t *number, struct chat_err *err)
{
	enum source_what what;

	if (source->ended || source->stopped)
		return SOURCE_END;
	if (source->rest.len > 0)
		what = what_of(take_text(source, source->rest, draft, err));
	else if (source->due_ms != INT64_MAX)
		what = next_held(source, draft);
	else if (source->has_lines)
		what = next_line(source, draft, err);
	else
		what = next_counted(source, draft, err);
	*number = source->has_lines ? source->lines.number : source->number;
	source->ended = what == SOURCE_END;
	if (what == SOURCE_DRAFT && source->has_lines) /* the program that wrote it is one hop */
		draft->hops = chat_via_hops_after(draft->hops);
	return what;
}

int
source_fd(const struct source *source)
{
	if (source->ended || source->stopped || source->due_ms != INT64_MAX)
		return -1;
	if (source->has_lines)
		return source->lines.fd;
	if (source->upload_next < source->upload_count)
		return source->uploads[source->upload_next].fd;
	return -1;
}

int
source_fill(struct source *source, struct chat_err *err)
{
	struct chat_err why;

	if (source->has_lines) {
		if (chat_lines_fill(&source->lines, &why) < 0)
			return chat_fail(err, why.code, "%s: %s",
				source->replays ? "--replay" : "stdin", why.text);
		return 0;
	}
	return upload_fill(&source->uploads[source->upload_next], err);
}

const char *
source_file_name(const struct source *source)
{
	return source->upload_next ? source->uploads[source->upload_next - 1].name : NULL;
}

const char *
source_noun(const struct source *source)
{
	if (source->has_lines)
		return "line";
	return source->upload_count > 0 ? "file" : "message";
}
