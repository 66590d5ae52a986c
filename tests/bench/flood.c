/*
 * A server that sends as fast as its listener reads: whoever joins gets a fixed number of messages
 * of 100-byte texts with ascending ids, and a Close 1000. It serves one listener after another and
 * prints its URL.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "text/buf.h"
#include "text/line.h"
#include "wire/http.h"
#include "wire/ws.h"

#define CHUNK ((size_t)256 << 10)
#define GREETING \
	"{\"type\":\"userData\",\"users\":[],\"server\":{\"name\":\"flood\",\"version\":\"0\"," \
	"\"features\":[\"nonce\"],\"maxMessage\":1048576,\"you\":{\"id\":\"x\",\"username\":" \
	"\"xxx\"}}}"

static int
listen_on_loopback(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 16) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		chat_die(CHAT_EXIT_UNAVAILABLE, "cannot listen: %m");
	printf("ws://127.0.0.1:%u/\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* Returns true when the request head came and was answered. */
static bool
shake_hands(int fd)
{
	struct chat_buf in = {.limit = CHAT_HTTP_HEAD_MAX}, out = {0};
	struct chat_http_request request;
	size_t scanned = 0, len = 0;
	bool bad_version, done = false;

	while (!len) {
		char *room = chat_buf_reserve(&in, 1024);
		ssize_t count = room ? read(fd, room, 1024) : 0;

		if (count <= 0)
			break;
		in.len += (size_t)count;
		len = chat_http_head_len(chat_buf_span(&in), &scanned);
	}
	if (len &&
		chat_http_read_request(&request, (struct chat_span){in.at, len}, &bad_version) ==
			101) {
		chat_http_write_accept(&out, request.key);
		done = chat_write_all(fd, out.at, out.len, NULL) == 0;
	}
	chat_buf_free(&in);
	chat_buf_free(&out);
	return done;
}

static void
append_message(struct chat_buf *out, int64_t number)
{
	char json[512];
	int len = snprintf(json, sizeof(json),
		"{\"type\":\"message\",\"id\":\"000000000000-%010llx\",\"sender\":\"flood\","
		"\"content\":\"%0100lld\",\"timestamp\":1700000000000,\"channel\":\"/\","
		"\"senderId\":\"flood\"}",
		(unsigned long long)number, (long long)number);

	chat_ws_append(out, NULL, CHAT_WS_TEXT, (struct chat_span){json, (size_t)len});
}

/* Reads what the listener says until it hangs up, so that nothing of ours is lost to a reset. */
static void
see_off(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void
flood(int fd, int64_t count)
{
	struct chat_buf out = {0};
	char init[4096];

	if (!shake_hands(fd) || read(fd, init, sizeof(init)) <= 0)
		return;
	chat_ws_append(&out, NULL, CHAT_WS_TEXT, CHAT_SPAN(GREETING));
	chat_ws_append(
		&out, NULL, CHAT_WS_TEXT, CHAT_SPAN("{\"type\":\"history\",\"messages\":[]}"));
	for (int64_t number = 1; number <= count; number++) {
		append_message(&out, number);
		if (out.len < CHUNK && number < count)
			continue;
		if (number == count)
			chat_ws_append_close(&out, NULL, 1000, NULL);
		if (chat_write_all(fd, out.at, out.len, NULL) < 0)
			break;
		out.len = 0;
	}
	see_off(fd);
	chat_buf_free(&out);
}

int
main(int argc, char **argv)
{
	int64_t count = 1000000;
	const struct chat_opt table[] = {
		{.letter = 'n',
			.name = "count",
			.kind = CHAT_OPT_NUMBER,
			.offset = 0,
			.argument = "N",
			.help = "messages for each listener (1000000)",
			.min = 1},
		{.name = NULL},
	};
	const struct chat_usage usage = {
		.synopsis = "[--count=N]", .about = "Say as much as a listener takes."};
	int fd;

	chat_start();
	chat_opt_parse(argc, argv, table, &usage, &count);
	fd = listen_on_loopback();
	for (;;) {
		int listener = accept(fd, NULL, NULL);

		if (listener < 0)
			chat_die(CHAT_EXIT_INTERNAL, "accept: %m");
		flood(listener, count);
		close(listener);
	}
}
