/*
 * A testee: the library's client, driven by a conformance suite for WebSocket clients in the manner
 * of Autobahn's fuzzing server. It asks how many cases there are, sends every text message of each
 * case back until that connection ends, and asks for the report.
 *
 *	echo_client URL         ws://127.0.0.1:9001/
 *
 * Binary messages are refused with 1003: the chat protocol has none.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/diag.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/client.h"

#define AGENT "libchat"
#define CASE_MS 60000 /* of silence, then a case is given up */

/* Called with each message. */
typedef void heard(struct chat_client *client, struct chat_span text, void *arg);

static void
echo(struct chat_client *client, struct chat_span text, void *arg)
{
	(void)arg;
	chat_client_send(client, text, NULL); /* where it fails, the end says why */
}

static void
take_number(struct chat_client *client, struct chat_span text, void *arg)
{
	(void)client;
	*(long *)arg = strtol(text.at, NULL, 10);
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
converse(const char *base, const char *path, heard *act, void *arg, struct chat_err *err)
{
	const struct chat_client_options options = {
		.connect_timeout_ms = 10000,
		.max_message_bytes = (size_t)64 << 20,
	};
	struct chat_client *client;
	struct chat_span text;
	struct chat_url url;
	char whole[CHAT_URL_MAX];
	int got = 0;

	snprintf(whole, sizeof(whole), "%s%s", base, path);
	if (chat_url_parse(&url, whole, err) < 0)
		return;
	client = chat_client_open(&url, &options, err);
	if (!client)
		return;
	while (got >= 0) {
		got = chat_client_receive(client, &text, err);
		if (got > 0)
			act(client, text, arg);
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
	char path[128];
	long cases = -1;

	if (argc != 2) {
		fputs("usage: echo_client URL\n", stderr);
		return CHAT_EXIT_USAGE;
	}
	chat_start();
	converse(argv[1], "getCaseCount", take_number, &cases, &err);
	if (cases < 0) {
		chat_warn("%s", err.text);
		return chat_exit_status(err.code);
	}
	for (long i = 1; i <= cases; i++) {
		snprintf(path, sizeof(path), "runCase?case=%ld&agent=" AGENT, i);
		converse(argv[1], path, echo, NULL, &err);
		printf("%ld %s\n", i, err.text);
	}
	converse(argv[1], "updateReports?agent=" AGENT, take_number, &cases, &err);
	return 0;
}
