/*
 * Clients that come back at once and read the whole past of a channel. Only the heads of the
 * frames are read and counted; their payload is discarded in the kernel. The sum of what came is
 * compared with the messages that there are.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "load_usage.h"

#define HEADER_MAX 10
#define TAIL 32 /* bytes at the end of a payload that are read */
#define EVENTS 256
#define LIFE_NS 10000000000u
#define BATCH ((size_t)1 << 20) /* of one reader in its turn */

static const char more[] = ",\"more\":true}";
static const char kind[] = "{\"type\":\"history\",\"messages\":[";
static const char complete[] = "],\"complete\":true";

struct reader {
	int fd;
	bool upgraded, done, history;
	unsigned char head[HEADER_MAX + sizeof(kind)];
	size_t head_len; /* of them read */
	uint64_t skip; /* of the payload, before its tail */
	size_t tail_len, tail_want;
	char tail[TAIL];
	uint64_t bytes; /* of messages, each with a comma */
	uint64_t pages;
};

struct past {
	int64_t port, readers, messages, message_bytes, server_pid;
	const char *epoch; /* of the messages' ids; NULL: all begin at the beginning */
	struct reader *at;
	int epoll;
	int64_t done;
	uint64_t pages;
};

static void
die(const char *what)
{
	chat_die(CHAT_EXIT_INTERNAL, "%s: %s", what, strerror(errno));
}

/* ---- beginning ---- */

static void
send_all(int fd, const char *bytes, size_t len)
{
	if (send(fd, bytes, len, 0) != (ssize_t)len)
		die("send");
}

/* Returns how many messages the reader has already: the later ones up to half of them. */
static int64_t
has(const struct past *past, int64_t number)
{
	return past->epoch ? past->messages / 2 * number / past->readers : 0;
}

static void
say_init(const struct past *past, int fd, int64_t number)
{
	char text[200], frame[220], since[64] = "0";
	int len;

	if (has(past, number))
		snprintf(since, sizeof(since), "%s-%010" PRIx64, past->epoch,
			(uint64_t)has(past, number));
	len = snprintf(text, sizeof(text),
		"{\"type\":\"init\",\"username\":\"reader%" PRId64 "\",\"id\":\"r%" PRId64
		"\",\"since\":\"%s\"}",
		number, number, since);

	frame[0] = (char)0x81;
	frame[1] = (char)(0x80 | len); /* below 126, and the mask is 0 */
	memset(frame + 2, 0, 4);
	memcpy(frame + 6, text, (size_t)len);
	send_all(fd, frame, (size_t)len + 6);
}

static void
begin(const struct past *past, struct reader *reader, int64_t number)
{
	static const char request[] =
		"GET /c0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
		"Sec-WebSocket-Version: 13\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)past->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)number};

	reader->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (reader->fd < 0 || connect(reader->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	send_all(reader->fd, request, sizeof(request) - 1);
	if (epoll_ctl(past->epoll, EPOLL_CTL_ADD, reader->fd, &event) < 0)
		die("epoll_ctl");
}

/* The head of the answer ends where its empty line does; init goes out then. */
static bool
upgrade(const struct past *past, struct reader *reader, int64_t number)
{
	char head[1024];
	ssize_t len = recv(reader->fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	char *end = len > 0 ? memmem(head, (size_t)len, "\r\n\r\n", 4) : NULL;

	if (!end)
		return false;
	if (memcmp(head, "HTTP/1.1 101", 12) != 0)
		chat_die(CHAT_EXIT_UNAVAILABLE, "%.*s", 40, head);
	recv(reader->fd, head, (size_t)(end + 4 - head), MSG_DONTWAIT);
	say_init(past, reader->fd, number);
	reader->upgraded = true;
	return true;
}

/* ---- reading ---- */

static size_t
header_size(const struct reader *reader)
{
	unsigned len = reader->head[1] & 0x7f;

	return reader->head_len < 2 ? 2 : len < 126 ? 2 : len == 126 ? 4 : 10;
}

/* The header is there, and the first of the payload: what is to be skipped, and what read. */
static void
frame_begin(struct reader *reader)
{
	size_t header = header_size(reader);
	uint64_t len = reader->head[1] & 0x7f;

	if (header > 2) {
		len = 0;
		for (size_t i = 2; i < header; i++)
			len = len << 8 | reader->head[i];
	}
	if (len < sizeof(kind) - 1)
		chat_die(CHAT_EXIT_PROTOCOL, "a frame of %" PRIu64 " bytes", len);
	reader->history = memcmp(reader->head + header, kind, sizeof(kind) - 1) == 0;
	len -= sizeof(kind) - 1;
	reader->tail_want = len < TAIL ? len : TAIL;
	reader->skip = len - reader->tail_want;
	if (reader->history)
		reader->bytes += len;
}

static bool
tail_is(const struct reader *reader, size_t before, const char *end)
{
	size_t len = strlen(end);

	return reader->tail_want >= before + len &&
		memcmp(reader->tail + reader->tail_want - before - len, end, len) == 0;
}

static void
frame_end(struct past *past, struct reader *reader)
{
	size_t behind;

	if (reader->history) {
		bool last = !tail_is(reader, 0, more);

		behind = last ? 1 : sizeof(more) - 1;
		if (!tail_is(reader, behind, complete))
			chat_die(CHAT_EXIT_PROTOCOL, "a page is not complete: %.*s",
				(int)reader->tail_want, reader->tail);
		reader->bytes -= behind + sizeof(complete) - 1;
		reader->bytes++; /* the comma that the last one of a page lacks */
		reader->pages++;
		if (last && reader->tail_want < TAIL)
			reader->bytes--; /* it is empty */
		if (last) {
			reader->done = true;
			past->done++;
			past->pages += reader->pages;
		}
	}
	reader->head_len = reader->tail_len = 0;
	reader->skip = 0;
}

/* One recv(2): -1 when nothing is there. */
static ssize_t
step(struct past *past, struct reader *reader)
{
	size_t want = header_size(reader) + sizeof(kind) - 1;
	ssize_t got;

	if (reader->head_len < 2)
		want = 2;
	if (reader->head_len < want) {
		got = recv(reader->fd, reader->head + reader->head_len, want - reader->head_len,
			MSG_DONTWAIT);
		if (got > 0 && (reader->head_len += (size_t)got) == want && want > 2)
			frame_begin(reader);
	} else if (reader->skip) {
		got = recv(reader->fd, NULL, reader->skip, MSG_DONTWAIT | MSG_TRUNC);
		reader->skip -= got > 0 ? (uint64_t)got : 0;
	} else {
		got = recv(reader->fd, reader->tail + reader->tail_len,
			reader->tail_want - reader->tail_len, MSG_DONTWAIT);
		if (got > 0 && (reader->tail_len += (size_t)got) == reader->tail_want)
			frame_end(past, reader);
	}
	if (got == 0 || (got < 0 && errno != EAGAIN))
		chat_die(CHAT_EXIT_UNAVAILABLE, "a reader was dropped after %" PRIu64 " pages",
			reader->pages);
	return got;
}

static void
read_some(struct past *past, struct reader *reader)
{
	size_t batch = 0;
	ssize_t got = 0;

	while (!reader->done && batch < BATCH && got >= 0) {
		got = step(past, reader);
		batch += got > 0 ? (size_t)got : 0;
	}
	if (reader->done)
		epoll_ctl(past->epoll, EPOLL_CTL_DEL, reader->fd, NULL);
}

/* A Pong that nobody asked for: so the server hears that somebody is there, and sends no ping. */
static void
show_life(const struct past *past)
{
	static const char pong[] = {(char)0x8a, (char)0x80, 0, 0, 0, 0};

	for (int64_t i = 0; i < past->readers; i++)
		if (past->at[i].upgraded)
			send(past->at[i].fd, pong, sizeof(pong), MSG_DONTWAIT);
}

static void
run(struct past *past)
{
	struct epoll_event events[EVENTS];
	uint64_t shown = usage_now_ns();

	while (past->done < past->readers) {
		int count = epoll_wait(past->epoll, events, EVENTS, 60000);

		if (usage_now_ns() - shown > LIFE_NS) {
			shown = usage_now_ns();
			show_life(past);
		}
		if (count == 0)
			chat_die(CHAT_EXIT_TIMEOUT, "nothing comes any more");
		for (int i = 0; i < count; i++) {
			struct reader *reader = &past->at[events[i].data.u64];

			if (reader->upgraded || upgrade(past, reader, (int64_t)events[i].data.u64))
				read_some(past, reader);
		}
	}
}

static void
past_run(struct past *past)
{
	uint64_t begun, cpu = usage_cpu_ns(past->server_pid), wrong = 0, rss = 0;
	uint64_t messages = 0;

	past->at = chat_alloc_zeroed((size_t)past->readers, sizeof(*past->at));
	past->epoll = epoll_create1(EPOLL_CLOEXEC);
	usage_need_descriptors(past->readers + 32);
	begun = usage_now_ns();
	for (int64_t i = 0; i < past->readers; i++)
		begin(past, &past->at[i], i);
	run(past);
	begun = usage_now_ns() - begun;
	cpu = usage_cpu_ns(past->server_pid) - cpu;
	rss = usage_rss_bytes(past->server_pid);
	for (int64_t i = 0; i < past->readers; i++) {
		uint64_t count = (uint64_t)(past->messages - has(past, i));

		messages += count;
		wrong += past->at[i].bytes != count * (uint64_t)(past->message_bytes + 1);
	}
	printf("{\"readers\":%" PRId64 ",\"seconds\":%.3f,\"cpu_ns_per_message\":%.2f,"
	       "\"pages\":%" PRIu64 ",\"rss_bytes\":%" PRIu64 ",\"wrong\":%" PRIu64 "}\n",
		past->readers, (double)begun / 1e9, (double)cpu / (double)messages, past->pages,
		rss, wrong);
	free(past->at);
}

int
main(int argc, char **argv)
{
	struct past past = {.readers = 1000};
	const struct chat_usage usage = {.synopsis = "[OPTION...]", .about = "Read a past."};
	const struct chat_opt table[] = {
		{.kind = CHAT_OPT_NUMBER,
			.name = "port",
			.offset = offsetof(struct past, port),
			.argument = "N",
			.help = "of the server",
			.min = 1,
			.max = 65535},
		{.kind = CHAT_OPT_NUMBER,
			.name = "pid",
			.offset = offsetof(struct past, server_pid),
			.argument = "N",
			.help = "of the server",
			.min = 1,
			.max = INT32_MAX},
		{.kind = CHAT_OPT_NUMBER,
			.letter = 'N',
			.name = "readers",
			.offset = offsetof(struct past, readers),
			.argument = "N",
			.help = "who come back (1000)",
			.min = 1,
			.max = 100000},
		{.kind = CHAT_OPT_NUMBER,
			.name = "messages",
			.offset = offsetof(struct past, messages),
			.argument = "N",
			.help = "there are",
			.min = 1,
			.max = INT32_MAX},
		{.kind = CHAT_OPT_NUMBER,
			.name = "message-bytes",
			.offset = offsetof(struct past, message_bytes),
			.argument = "N",
			.help = "of each",
			.min = 1,
			.max = 1 << 20},
		{.kind = CHAT_OPT_STRING,
			.name = "epoch",
			.offset = offsetof(struct past, epoch),
			.argument = "HEX",
			.help = "of the ids: each begins at another place"},
		{0},
	};

	chat_start();
	if (chat_opt_parse(argc, argv, table, &usage, &past) < argc || !past.port ||
		!past.server_pid)
		chat_die_usage("--port and --pid are wanted, and no operands");
	past_run(&past);
	return CHAT_EXIT_OK;
}
