/*
 * A testee: the library's client, driven by a conformance suite for WebSocket clients in the manner
 * of Autobahn's fuzzing server. It asks how many cases there are, sends every text message of each
 * case back until that connection ends, and asks for the report.
 *
 *	echo_client [--binary] URL         ws://127.0.0.1:9001/
 *
 * Binary messages are refused with 1003, because the chat protocol has none; with --binary they are
 * sent back, too.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/diag.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/client.h"

#define AGENT "libchat"
#define CASE_MS 60000 /* of silence, then a case is given up */

struct suite {
	const char *url;
	bool binary; /* binary messages are sent back */
};

/* Called with each message. */
typedef void heard(struct chat_client *client, struct chat_span payload, bool is_binary, void *arg);

static void
echo(struct chat_client *client, struct chat_span payload, bool is_binary, void *arg)
{
	(void)arg;
	if (is_binary) /* where it fails, the end says why */
		chat_client_send_binary(client, payload, NULL);
	else
		chat_client_send(client, payload, NULL);
}

static void
take_number(struct chat_client *client, struct chat_span text, bool is_binary, void *arg)
{
	char number[32];

	(void)client;
	(void)is_binary;
	snprintf(
		number, sizeof(number), "%.*s", (int)text.len, text.at); /* nothing ends the text */
	*(long *)arg = strtol(number, NULL, 10);
}

static void
wait_for_more(const struct chat_client *client)
{
	struct pollfd fds[CHAT_CLIENT_POLL_FDS];
	size_t count = chat_client_poll_fds(client, fds, CHAT_CLIENT_POLL_FDS);
	int64_t wait_ms = chat_client_wake_ms(client) - chat_now_ms();

	if (wait_ms > CASE_MS)
		wait_ms = CASE_MS;
	poll(fds, count, wait_ms > 0 ? (int)wait_ms : 0);
}

/* One connection to the suite, from its opening to its end; err says what that was. */
static void
converse(const struct suite *suite, const char *path, heard *act, void *arg, struct chat_err *err)
{
	const struct chat_client_options options = {
		.binary = suite->binary,
		.connect_timeout_ms = 10000,
		.max_message_bytes = (size_t)64 << 20,
	};
	struct chat_client *client;
	struct chat_span text;
	struct chat_url url;
	char whole[CHAT_URL_MAX];
	int got = 0;

	snprintf(whole, sizeof(whole), "%s%s", suite->url, path);
	if (chat_url_parse(&url, whole, err) < 0)
		return;
	client = chat_client_open(&url, &options, err);
	if (!client)
		return;
	while (got >= 0) {
		got = chat_client_receive(client, &text, err);
		if (got > 0)
			act(client, text, got == 2, arg);
		else if (got == 0)
			wait_for_more(client);
		if (got == 0 && chat_now_ms() - chat_client_last_received_ms(client) > CASE_MS)
			got = chat_fail(err, CHAT_TIMED_OUT, "the suite says nothing");
	}
	chat_client_free(client);
}

int
main(int argc, char **argv)
{
	struct chat_err err = {0};
	struct suite suite;
	char path[128];
	long cases = -1;

	suite.binary = argc > 1 && strcmp(argv[1], "--binary") == 0;
	if (argc != 2 + suite.binary) {
		fputs("usage: echo_client [--binary] URL\n", stderr);
		return CHAT_EXIT_USAGE;
	}
	suite.url = argv[1 + suite.binary];
	chat_start();
	converse(&suite, "getCaseCount", take_number, &cases, &err);
	if (cases < 0) {
		chat_warn("%s", err.text);
		return chat_exit_status(err.code);
	}
	for (long i = 1; i <= cases; i++) {
		snprintf(path, sizeof(path), "runCase?case=%ld&agent=" AGENT, i);
		converse(&suite, path, echo, NULL, &err);
		printf("%ld %s\n", i, err.text);
	}
	converse(&suite, "updateReports?agent=" AGENT, take_number, &cases, &err);
	return 0;
}
