/*
 * Fills a journal with a given number of bytes of messages, spread over channels, as a server
 * would.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "serve/journal/disk_journal.h"
#include "text/clock.h"

#define TURN 1000 /* messages between two looks at the loop */

struct fill {
	const char *dir;
	int64_t size, channels, bytes;
	char text[1001];
};

static void
on_durable(void *arg, uint64_t ticket)
{
	(void)arg;
	(void)ticket;
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	(void)arg;
	(void)ticket;
	chat_die(CHAT_EXIT_IO, "%s", err->text);
}

static size_t
fill_append(const struct fill *fill, struct journal *journal, uint64_t epoch, uint64_t number)
{
	struct journal_line line = {.epoch = epoch, .number = number};
	char id[MESSAGE_ID_LEN + 1], channel[24], text[1400];
	int len;

	message_id_write(id, epoch, number);
	line.timestamp_ms = (int64_t)epoch - 3600000 + (int64_t)(number / 1000);
	line.channel.at = channel;
	line.channel.len = (size_t)snprintf(channel, sizeof(channel), "/c%" PRIu64,
		number * 2654435761u % (uint64_t)fill->channels);
	len = snprintf(text, sizeof(text),
		"{\"type\":\"message\",\"id\":\"%s\",\"sender\":\"alice\",\"content\":\"%s\","
		"\"timestamp\":%" PRId64 ",\"channel\":\"%s\",\"senderId\":\"a\"}",
		id, fill->text, line.timestamp_ms, channel);
	journal->kind->append(journal, &line, (struct chat_span){text, (size_t)len});
	journal->kind->commit(journal);
	return (size_t)len + 1;
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	uv_close(handle, NULL);
}

static void
fill_run(const struct fill *fill)
{
	const struct journal_events events = {.durable = on_durable, .failed = on_failed};
	const struct journal_options options = {.dir = fill->dir,
		.sync = JOURNAL_SYNC_NEVER,
		.segment_bytes = (uint64_t)64 << 20,
		.answer_ms = 60000,
		.history = 50};
	struct chat_err err;
	uv_loop_t loop;
	struct journal *journal;
	uint64_t epoch = (uint64_t)chat_unix_ms(), number = 0;
	int64_t written = 0;

	uv_loop_init(&loop);
	journal = disk_journal_open(&options, &loop, &events, NULL, &err);
	if (!journal)
		chat_die(chat_exit_status(err.code), "%s", err.text);
	while (written < fill->size) {
		written += (int64_t)fill_append(fill, journal, epoch, ++number);
		if (number % TURN == 0)
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	journal->kind->settle(journal);
	uv_walk(&loop, close_handle, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	journal->kind->close(journal, false);
	uv_loop_close(&loop);
	printf("{\"messages\":%" PRIu64 ",\"bytes\":%" PRId64 ",\"middle\":\"%012" PRIx64
	       "-%010" PRIx64 "\"}\n",
		number, written, epoch, number / 2);
}

int
main(int argc, char **argv)
{
	struct fill fill = {.size = 1 << 30, .channels = 1000, .bytes = 100};
	const struct chat_usage usage = {
		.synopsis = "--journal DIR [OPTION...]", .about = "Fill a journal."};
	const struct chat_opt table[] = {
		{.kind = CHAT_OPT_STRING,
			.name = "journal",
			.offset = offsetof(struct fill, dir),
			.argument = "DIR",
			.help = "where"},
		{.kind = CHAT_OPT_SIZE,
			.name = "size",
			.offset = offsetof(struct fill, size),
			.argument = "SIZE",
			.help = "of its messages (1G)",
			.min = 1},
		{.kind = CHAT_OPT_NUMBER,
			.name = "channels",
			.offset = offsetof(struct fill, channels),
			.argument = "N",
			.help = "that they are spread over (1000)",
			.min = 1,
			.max = 1000000},
		{.kind = CHAT_OPT_NUMBER,
			.letter = 'B',
			.name = "bytes",
			.offset = offsetof(struct fill, bytes),
			.argument = "N",
			.help = "of a text (100)",
			.min = 1,
			.max = 1000},
		{0},
	};

	chat_start();
	if (chat_opt_parse(argc, argv, table, &usage, &fill) < argc || !fill.dir)
		chat_die_usage("--journal is wanted, and no operands");
	memset(fill.text, 'x', (size_t)fill.bytes);
	fill_run(&fill);
	return CHAT_EXIT_OK;
}
