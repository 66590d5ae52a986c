/*
 * Measures how many messages a second a server acknowledges, and after how long. Senders have a
 * window of messages on the way, and nobody else is connected. It speaks three protocols: ours (a
 * text, and its echo, in a channel of the sender's own or in one that it shares), Redis (XADD, and
 * the id of the entry) and MQTT (a retained PUBLISH of QoS 1, and its PUBACK). One thread, one
 * epoll. It prints a line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ack_load.h"
#include "command/diag.h"
#include "command/opt_parse.h"
#include "command/units.h"
#include "text/buf.h"

#define INPUT_BYTES 65536
#define SERVERS_MAX 16
#define PACE_MOST 256 /* messages that are sent before answers are read */
#define RATE_WINDOW 4096 /* of a sender at a rate; a server that has more to answer is too slow */

enum protocol { PROTOCOL_CHAT, PROTOCOL_REDIS, PROTOCOL_MQTT };

struct sender {
	int fd;
	int number;
	struct chat_buf in, out;
	size_t sent; /* bytes of out */
	uint64_t *began_ns; /* ring of a window */
	uint64_t asked, answered;
	char name_json[16]; /* its username as a JSON string */
};

struct bench {
	int protocol;
	struct chat_strings ports;
	int64_t port[SERVERS_MAX]; /* the senders take turns */
	struct ack_load load;
	int64_t channels, window, rate;
	uint64_t paced; /* messages that were sent at the rate */
	uint64_t paced_ns; /* when the first of them was due */
	struct sender *sender;
	int epoll;
	struct durations latency;
};

/* ---- connections ---- */

static void
sender_read(struct sender *sender, int flags)
{
	char *to = chat_buf_reserve(&sender->in, INPUT_BYTES);
	ssize_t count = recv(sender->fd, to, INPUT_BYTES, flags);

	if (count == 0 || (count < 0 && errno != EAGAIN))
		chat_die(CHAT_EXIT_UNAVAILABLE, "the connection was lost");
	sender->in.len += count > 0 ? (size_t)count : 0;
}

static void
sender_write(struct bench *bench, struct sender *sender)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = sender};
	ssize_t count = send(sender->fd, sender->out.at + sender->sent,
		sender->out.len - sender->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count < 0 && errno != EAGAIN)
		chat_die(CHAT_EXIT_UNAVAILABLE, "the connection was lost");
	sender->sent += count > 0 ? (size_t)count : 0;
	if (sender->sent == sender->out.len)
		sender->sent = sender->out.len = 0;
	else
		event.events |= EPOLLOUT;
	epoll_ctl(bench->epoll, EPOLL_CTL_MOD, sender->fd, &event);
}

/* ---- protocols: what is sent, and how an answer is found ---- */

/* A client's frame under the mask 0. */
static void
put_frame(struct chat_buf *out, const char *text, size_t len)
{
	unsigned char header[8] = {0x81, 0x80 | 126, (unsigned char)(len >> 8), (unsigned char)len};
	unsigned char small[6] = {0x81, (unsigned char)(0x80 | len)};

	if (len < 126)
		chat_buf_append(out, small, sizeof(small));
	else
		chat_buf_append(out, header, sizeof(header));
	chat_buf_append(out, text, len);
}

/* began_ns: when the message is sent, or was due. */
static void
put_request(struct bench *bench, struct sender *sender, uint64_t began_ns)
{
	struct chat_buf *out = &sender->out;
	char text[1200], topic[16];
	int topic_len = snprintf(topic, sizeof(topic), "s%d", sender->number);
	int len = (int)bench->load.bytes;
	uint16_t id = (uint16_t)(sender->asked % 65535 + 1);
	unsigned rest;

	switch ((enum protocol)bench->protocol) {
	case PROTOCOL_CHAT:
		len = snprintf(text, sizeof(text), "{\"type\":\"text\",\"text\":\"%s\"}",
			bench->load.text);
		put_frame(out, text, (size_t)len);
		break;
	case PROTOCOL_REDIS:
		chat_buf_printf(out,
			"*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$1\r\n*\r\n$1\r\nt\r\n$%d\r\n%s\r\n",
			topic_len, topic, len, bench->load.text);
		break;
	case PROTOCOL_MQTT:
		rest = (unsigned)(2 + topic_len + 2 + len);
		chat_buf_append(out, "\x33", 1);
		for (; rest > 127; rest >>= 7)
			chat_buf_append(out, (char[]){(char)(rest | 128)}, 1);
		chat_buf_append(out, (char[]){(char)rest, 0, (char)topic_len}, 3);
		chat_buf_append(out, topic, (size_t)topic_len);
		chat_buf_append(out, (char[]){(char)(id >> 8), (char)id}, 2);
		chat_buf_append(out, bench->load.text, (size_t)len);
		break;
	}
	if (sender->answered > sender->asked)
		chat_die(CHAT_EXIT_NO, "more was answered than asked");
	if (sender->asked - sender->answered >= (uint64_t)bench->window)
		chat_die(CHAT_EXIT_NO, "the server falls behind the rate");
	sender->began_ns[sender->asked++ % (uint64_t)bench->window] = began_ns;
}

/* The bytes of the frame at hand, 0 while it is not whole. */
static size_t
frame_size(const unsigned char *at, size_t len, size_t *header)
{
	size_t size;

	if (len < 2)
		return 0;
	size = at[1] & 127;
	*header = size < 126 ? 2 : size == 126 ? 4 : 10;
	if (len < *header)
		return 0;
	if (*header > 2)
		size = 0;
	for (size_t i = 2; i < *header; i++)
		size = size << 8 | at[i];
	return len < *header + size ? 0 : *header + size;
}

/* Returns true if a message is the echo of this sender. In a channel of its own each one is. */
static bool
is_echo(const struct bench *bench, const struct sender *sender, struct chat_span message)
{
	if (!memmem(message.at, message.len < 20 ? message.len : 20, "\"message\"", 9))
		return false;
	return bench->channels >= bench->load.senders ||
		memmem(message.at, message.len, sender->name_json, strlen(sender->name_json));
}

/* Takes what is whole off the front of the input; *acks of it were answers. 0: nothing is. */
static size_t
take_answer(const struct bench *bench, const struct sender *sender, size_t at, bool *ack)
{
	const struct chat_buf *in = &sender->in;
	const char *text = in->at + at, *end;
	size_t len = in->len - at, size, header;

	*ack = true;
	switch ((enum protocol)bench->protocol) {
	case PROTOCOL_CHAT:
		size = frame_size((const unsigned char *)text, len, &header);
		*ack = size &&
			is_echo(bench, sender, (struct chat_span){text + header, size - header});
		if (size && memmem(text + header, 20, "\"error\"", 7))
			chat_die(CHAT_EXIT_NO, "%.*s", (int)(size - header), text + header);
		return size;
	case PROTOCOL_REDIS: /* $15\r\n1700000000000-0\r\n */
		end = memchr(text, '\n', len);
		if (end && *text != '$')
			chat_die(CHAT_EXIT_NO, "%.*s", (int)(end - text), text);
		end = end ? memchr(end + 1, '\n', len - (size_t)(end + 1 - text)) : NULL;
		return end ? (size_t)(end + 1 - text) : 0;
	case PROTOCOL_MQTT:
		if (len >= 4 && ((unsigned char)*text & 0xf0) != 0x40)
			chat_die(CHAT_EXIT_NO, "packet %#x", (unsigned char)*text);
		return len >= 4 ? 4 : 0;
	}
	return 0;
}

static void
sender_answers(struct bench *bench, struct sender *sender)
{
	size_t at = 0, size;
	bool ack;

	while (at < sender->in.len && (size = take_answer(bench, sender, at, &ack))) {
		uint64_t now_ns = usage_now_ns();

		at += size;
		if (!ack)
			continue;
		ack_load_count(&bench->load, &bench->latency,
			sender->began_ns[sender->answered++ % (uint64_t)bench->window], now_ns);
		if (!bench->rate)
			put_request(bench, sender, now_ns);
	}
	chat_buf_drop(&sender->in, at);
	if (sender->out.len)
		sender_write(bench, sender);
}

/* ---- beginning ---- */

/* Reads, waiting, until the answer to the beginning is whole. */
static void
sender_expect(struct sender *sender, const char *what, size_t len)
{
	while (sender->in.len < len || !memmem(sender->in.at, sender->in.len, what, strlen(what)))
		sender_read(sender, 0);
}

static void
sender_begin(struct bench *bench, struct sender *sender)
{
	char text[200];
	int len;

	if (bench->protocol == PROTOCOL_CHAT) {
		/* Its own channels: what another run has left on the way is none of its echoes. */
		chat_buf_printf(&sender->out,
			"GET /%d-%" PRId64 " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
			"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			"Sec-WebSocket-Version: 13\r\n\r\n",
			getpid(), sender->number % bench->channels);
		len = snprintf(text, sizeof(text),
			"{\"type\":\"init\",\"id\":\"i%d\",\"username\":\"sender%d\","
			"\"presence\":\"hidden\"}",
			sender->number, sender->number);
		put_frame(&sender->out, text, (size_t)len);
	} else if (bench->protocol == PROTOCOL_MQTT) {
		chat_buf_append(&sender->out, "\x10\x10\0\4MQTT\4\2\0\0\0\4", 14);
		len = snprintf(text, sizeof(text), "%04d", sender->number);
		chat_buf_append(&sender->out, text, (size_t)len);
	}
	if (sender->out.len)
		sender_write(bench, sender);
	if (bench->protocol == PROTOCOL_CHAT) {
		sender_expect(sender, "]}", 0);
		sender_expect(sender, "\"history\"", 0);
		chat_buf_drop(&sender->in,
			(size_t)((char *)memmem(sender->in.at, sender->in.len, "\r\n\r\n", 4) -
				sender->in.at) +
				4);
	} else if (bench->protocol == PROTOCOL_MQTT) {
		sender_expect(sender, "", 4);
		sender->in.len = 0;
	}
}

static void
bench_connect(struct bench *bench, struct sender *sender)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port =
			htons((uint16_t)bench->port[(size_t)sender->number % bench->ports.count]),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = sender};

	sender->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(sender->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		chat_die(CHAT_EXIT_UNAVAILABLE, "connect: %m");
	setsockopt(sender->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	sender->began_ns = chat_alloc_zeroed((size_t)bench->window, sizeof(*sender->began_ns));
	epoll_ctl(bench->epoll, EPOLL_CTL_ADD, sender->fd, &event);
	sender_begin(bench, sender);
}

/* ---- the run ---- */

/*
 * At a rate: sends what is due, the senders in turn, and returns when the next one is. What is sent
 * late counts from when it was due.
 */
static uint64_t
bench_pace(struct bench *bench)
{
	uint64_t due_ns = 0;

	for (int i = 0; i < PACE_MOST; i++) {
		struct sender *sender =
			&bench->sender[bench->paced % (uint64_t)bench->load.senders];

		due_ns = bench->paced_ns +
			(uint64_t)((double)bench->paced * 1e9 / (double)bench->rate);
		if (due_ns > usage_now_ns())
			return due_ns;
		bench->paced++;
		put_request(bench, sender, due_ns);
		sender_write(bench, sender);
	}
	return due_ns; /* answers have their turn, too */
}

/* Sends as many as each may have on the way. */
static void
bench_fill_windows(struct bench *bench)
{
	for (int64_t i = 0; i < bench->load.senders; i++) {
		for (int64_t w = 0; w < bench->window; w++)
			put_request(bench, &bench->sender[i], usage_now_ns());
		sender_write(bench, &bench->sender[i]);
	}
}

/* Waits for answers until this time at most, and takes them. */
static void
bench_turn(struct bench *bench, uint64_t until_ns)
{
	struct epoll_event events[256];
	uint64_t now_ns = usage_now_ns(), wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec timeout = {.tv_nsec = wait_ns < 100000000 ? (long)wait_ns : 100000000};
	int count = epoll_pwait2(bench->epoll, events, 256, &timeout, NULL);

	for (int i = 0; i < count; i++) {
		if (events[i].events & EPOLLOUT)
			sender_write(bench, events[i].data.ptr);
		sender_read(events[i].data.ptr, MSG_DONTWAIT);
		sender_answers(bench, events[i].data.ptr);
	}
}

static void
bench_run(struct bench *bench)
{
	for (int64_t i = 0; i < bench->load.senders; i++) {
		bench->sender[i].number = (int)i;
		snprintf(bench->sender[i].name_json, sizeof(bench->sender[i].name_json),
			"\"sender%d\"", (int)i);
		bench_connect(bench, &bench->sender[i]);
	}
	ack_load_begin(&bench->load);
	bench->paced_ns = usage_now_ns();
	if (!bench->rate)
		bench_fill_windows(bench);
	while (usage_now_ns() < bench->load.end_ns)
		bench_turn(bench, bench->rate ? bench_pace(bench) : bench->load.end_ns);
	ack_load_print(&bench->load, &bench->latency);
}

static void
read_ports(struct bench *bench)
{
	struct chat_err err;

	if (bench->ports.count > SERVERS_MAX)
		chat_die_usage("at most %d servers", SERVERS_MAX);
	for (size_t i = 0; i < bench->ports.count; i++)
		if (chat_integer_read(&bench->port[i], bench->ports.at[i], &err) < 0)
			chat_die_usage("--port: %s", err.text);
}

int
main(int argc, char **argv)
{
	static const char *const protocols[] = {"chat", "redis", "mqtt", NULL};
	struct bench bench = {.load = ACK_LOAD_DEFAULTS, .channels = 9999, .window = 1};
	const struct chat_usage usage = {.synopsis = "--port N [OPTION...]",
		.about = "Measure how fast a server acknowledges; prints one line of JSON."};
	const struct chat_opt table[] = {
		{.kind = CHAT_OPT_CHOICE,
			.name = "protocol",
			.offset = offsetof(struct bench, protocol),
			.argument = "NAME",
			.help = "chat, redis or mqtt (chat)",
			.choices = protocols},
		{.kind = CHAT_OPT_STRINGS,
			.name = "port",
			.offset = offsetof(struct bench, ports),
			.argument = "N",
			.help = "of the server, on 127.0.0.1; repeatable: senders take turns"},
		{.kind = CHAT_OPT_NUMBER,
			.name = "channels",
			.offset = offsetof(struct bench, channels),
			.argument = "N",
			.help = "that the senders share (one for each)",
			.min = 1,
			.max = 9999},
		{.kind = CHAT_OPT_NUMBER,
			.letter = 'W',
			.name = "window",
			.offset = offsetof(struct bench, window),
			.argument = "N",
			.help = "texts of each on the way (1)",
			.min = 1,
			.max = 10000},
		{.kind = CHAT_OPT_NUMBER,
			.name = "rate",
			.offset = offsetof(struct bench, rate),
			.argument = "N",
			.help = "messages per second of all senders, evenly spread; no window",
			.min = 1,
			.max = 10000000},
		ACK_LOAD_OPTIONS(offsetof(struct bench, load)),
		{0},
	};

	chat_start();
	if (chat_opt_parse(argc, argv, table, &usage, &bench) < argc || !bench.ports.count)
		chat_die_usage("--port is wanted, and no operands");
	read_ports(&bench);
	if (bench.rate)
		bench.window = RATE_WINDOW;
	bench.sender = chat_alloc_zeroed((size_t)bench.load.senders, sizeof(*bench.sender));
	bench.epoll = epoll_create1(EPOLL_CLOEXEC);
	bench_run(&bench);
	return CHAT_EXIT_OK;
}
