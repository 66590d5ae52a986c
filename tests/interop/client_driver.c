/*
 * The library's client, driven by the command line, for client.sh and client-tls.sh:
 *
 *	client_driver URL [--cacert F] [--cert F] [--key F] [--unix-socket F] [--insecure]
 *		[--close-after N] [--max-message N] [--connect-timeout MS] [--send TEXT]…
 *		[--many N]
 *
 * It sends the texts, then --many texts of 16 KiB each, and closes after --close-after messages. It
 * prints "open ADDRESS", "text(MESSAGE)" for every message received, and at the end
 * "CODE: SENTENCE".
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/client_wait.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/client.h"

#define PATIENCE_MS 20000

static const struct chat_client_options defaults = {
	.connect_timeout_ms = PATIENCE_MS, .max_message_bytes = 4 << 20};

struct drive {
	struct chat_client_options options;
	const char *texts[16];
	int count;
	long many, close_after;
};

static void
drive_options(struct drive *drive, int argc, char **argv)
{
	static const struct option table[] = {{"cacert", 1, NULL, 'a'}, {"cert", 1, NULL, 'c'},
		{"key", 1, NULL, 'k'}, {"unix-socket", 1, NULL, 'u'}, {"insecure", 0, NULL, 'i'},
		{"close-after", 1, NULL, 'n'}, {"send", 1, NULL, 's'},
		{"max-message", 1, NULL, 'm'}, {"connect-timeout", 1, NULL, 't'},
		{"many", 1, NULL, 'x'}, {0}};
	int letter;

	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == 'a')
			drive->options.cacert = optarg;
		else if (letter == 'c')
			drive->options.cert = optarg;
		else if (letter == 'k')
			drive->options.key = optarg;
		else if (letter == 'u')
			drive->options.unix_socket = optarg;
		else if (letter == 'i')
			drive->options.insecure = true;
		else if (letter == 'n')
			drive->close_after = atol(optarg);
		else if (letter == 'm')
			drive->options.max_message_bytes = (size_t)atol(optarg);
		else if (letter == 't')
			drive->options.connect_timeout_ms = atol(optarg);
		else if (letter == 'x')
			drive->many = atol(optarg);
		else if (letter == 's' && drive->count < 16)
			drive->texts[drive->count++] = optarg;
		else
			exit(64);
	}
}

static void
drive_opened(struct drive *drive, struct chat_client *client)
{
	static const char before[] = "{\"type\":\"text\",\"text\":\"", after[] = "\"}";
	struct chat_buf text = {0};

	printf("open %s\n", chat_client_address(client));
	for (int i = 0; i < drive->count; i++)
		chat_client_send(client, chat_span_of(drive->texts[i]), NULL);
	chat_buf_printf(&text, "%s%016384d%s", before, 7, after);
	for (long i = 0; i < drive->many; i++)
		chat_client_send(client, chat_buf_span(&text), NULL);
	chat_buf_free(&text);
	if (drive->close_after == 0)
		chat_client_close(client);
}

int
main(int argc, char **argv)
{
	struct drive drive = {.options = defaults, .close_after = -1};
	int64_t deadline_ms = chat_now_ms() + PATIENCE_MS;
	struct chat_client *client = NULL;
	struct chat_url url;
	struct chat_span text;
	struct chat_err err;
	bool opened = false;
	int got = -1;

	signal(SIGPIPE, SIG_IGN);
	drive_options(&drive, argc, argv);
	if (optind == argc - 1 && chat_url_parse(&url, argv[optind], &err) == 0)
		client = chat_client_open(&url, &drive.options, &err);
	while (client && (got = chat_client_receive(client, &text, &err)) >= 0) {
		if (!opened && chat_client_is_open(client)) {
			opened = true;
			drive_opened(&drive, client);
		}
		if (got > 0)
			printf("text(%.*s)\n", (int)text.len, text.at);
		if (got > 0 && --drive.close_after == 0)
			chat_client_close(client);
		chat_client_flush(client, NULL);
		if (got == 0 && !client_wait(client, deadline_ms)) {
			chat_fail(&err, CHAT_TIMED_OUT, "nothing came");
			break;
		}
	}
	printf("%s: %s\n", chat_code_word(err.code), err.text);
	chat_client_free(client);
	return 0;
}
