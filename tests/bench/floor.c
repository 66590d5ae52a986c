/*
 * The floor: what fan-out costs a server that does nothing else. It reads and writes WebSocket
 * frames and knows no protocol. Each text becomes a frame of chat-serve's layout and size around
 * the bytes of its content, for each member of the one channel; a client that sends init is a
 * member. It has no checks, names, history or limits: servers are measured against it, but it is
 * no chat server.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "command/diag.h"
#include "command/opt_parse.h"
#include "text/buf.h"
#include "wire/http.h"
#include "wire/ws.h"

#define EVENTS 1024
#define READ_BYTES 65536

/* The texts of the load generator have this form; the server understands no other. */
#define TEXT_PREFIX "{\"type\":\"text\",\"text\":\""
#define TEXT_SUFFIX "\"}"
#define TYPE_AT 9 /* of the first letter of a type */

#define NAME "load-00000000"
#define MESSAGE_PREFIX \
	"{\"type\":\"message\",\"id\":\"000000000000-0000000000\",\"sender\":\"" NAME \
	"\",\"content\":\""
#define MESSAGE_SUFFIX "\",\"timestamp\":1700000000000,\"channel\":\"/\",\"senderId\":\"" NAME "\"}"
#define USER_DATA "{\"type\":\"userData\",\"users\":[]}"
#define HISTORY "{\"type\":\"history\",\"messages\":[]}"

enum gather {
	GATHER_CONTIGUOUS, /* a connection's frames of a turn: one send of adjacent bytes */
	GATHER_WRITEV, /* one writev of a piece a frame */
	GATHER_NOT /* a send each */
};

struct client {
	int fd;
	bool upgraded;
	bool waits; /* for its socket to take more */
	size_t place; /* among the members; NOWHERE */
	struct chat_buf in, out; /* half a frame; what the kernel did not take */
};

#define NOWHERE SIZE_MAX

struct floor {
	int epoll, listener;
	int gather; /* enum gather */
	struct client **members;
	size_t count, cap;
	struct chat_buf turn; /* the frames of this turn, adjacent */
	size_t frame_bytes; /* of each of them */
	char *buffer;
};

static void
client_close(struct floor *floor, struct client *client)
{
	if (client->place != NOWHERE) {
		struct client *last = floor->members[--floor->count];

		floor->members[client->place] = last;
		last->place = client->place;
	}
	close(client->fd);
	chat_buf_free(&client->in);
	chat_buf_free(&client->out);
	free(client);
}

/* ---- output ---- */

static void
client_watch(struct floor *floor, struct client *client)
{
	bool waits = client->out.len != 0;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (waits == client->waits)
		return;
	client->waits = waits;
	if (waits)
		event.events |= EPOLLOUT;
	if (epoll_ctl(floor->epoll, EPOLL_CTL_MOD, client->fd, &event) < 0)
		chat_die(1, "epoll_ctl: %m");
}

/* Sends, or keeps what does not go. A connection that failed is met again by its next read. */
static void
client_send(struct floor *floor, struct client *client, const char *bytes, size_t len)
{
	ssize_t sent = 0;

	if (!client->out.len)
		sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		return;
	if (sent < 0)
		sent = 0;
	if ((size_t)sent < len)
		chat_buf_append(&client->out, bytes + sent, len - (size_t)sent);
	client_watch(floor, client);
}

static void
client_flush(struct floor *floor, struct client *client)
{
	ssize_t sent = send(client->fd, client->out.at, client->out.len, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN)
		sent = (ssize_t)client->out.len;
	if (sent > 0)
		chat_buf_drop(&client->out, (size_t)sent);
	client_watch(floor, client);
}

static void
client_sendv(struct floor *floor, struct client *client)
{
	size_t frame = floor->frame_bytes, at = 0;
	struct iovec pieces[IOV_MAX];
	ssize_t sent = 0;

	while (!client->out.len && at < floor->turn.len) {
		size_t count = 0;

		for (size_t from = at; from < floor->turn.len && count < IOV_MAX; from += frame)
			pieces[count++] = (struct iovec){floor->turn.at + from, frame};
		sent = writev(client->fd, pieces, (int)count);
		if (sent < 0)
			break;
		at += (size_t)sent;
		if ((size_t)sent < count * frame)
			break;
	}
	if (at < floor->turn.len)
		client_send(floor, client, floor->turn.at + at, floor->turn.len - at);
}

/* The end of a turn: everybody gets what was said in it. */
static void
floor_deliver(struct floor *floor)
{
	for (size_t i = 0; i < floor->count && floor->turn.len; i++) {
		if (floor->gather == GATHER_WRITEV)
			client_sendv(floor, floor->members[i]);
		else
			client_send(floor, floor->members[i], floor->turn.at, floor->turn.len);
	}
	floor->turn.len = 0;
}

/* ---- input ---- */

static void
floor_say(struct floor *floor, struct chat_span content)
{
	size_t len = strlen(MESSAGE_PREFIX) + content.len + strlen(MESSAGE_SUFFIX);
	char header[CHAT_WS_HEADER_MAX];
	size_t header_len = chat_ws_header(header, CHAT_WS_TEXT, len);
	char *at = chat_buf_reserve(&floor->turn, header_len + len);

	at = mempcpy(at, header, header_len);
	at = mempcpy(at, MESSAGE_PREFIX, strlen(MESSAGE_PREFIX));
	at = mempcpy(at, content.at, content.len);
	memcpy(at, MESSAGE_SUFFIX, strlen(MESSAGE_SUFFIX));
	floor->frame_bytes = header_len + len;
	floor->turn.len += header_len + len;
	if (floor->gather == GATHER_NOT)
		floor_deliver(floor);
}

static void
floor_join(struct floor *floor, struct client *client)
{
	struct chat_buf out = {0};

	if (floor->count == floor->cap) {
		floor->cap = floor->cap ? 2 * floor->cap : 64;
		floor->members = chat_realloc(floor->members, floor->cap * sizeof(*floor->members));
	}
	client->place = floor->count;
	floor->members[floor->count++] = client;
	chat_ws_append(&out, NULL, CHAT_WS_TEXT, CHAT_SPAN(USER_DATA));
	chat_ws_append(&out, NULL, CHAT_WS_TEXT, CHAT_SPAN(HISTORY));
	client_send(floor, client, out.at, out.len);
	chat_buf_free(&out);
}

static void
unmask(char *payload, size_t len, const unsigned char mask[4])
{
	uint64_t eight, word;
	size_t i = 0;

	memcpy(&eight, mask, 4);
	memcpy((char *)&eight + 4, mask, 4);
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, payload + i, 8);
		word ^= eight;
		memcpy(payload + i, &word, 8);
	}
	for (; i < len; i++)
		payload[i] = (char)(payload[i] ^ mask[i & 3]);
}

/* Takes the masked frame at the front; its bytes, or 0 where it is not whole. */
static size_t
frame_take(struct chat_span bytes, unsigned *opcode, struct chat_span *payload)
{
	const unsigned char *at = (const unsigned char *)bytes.at;
	size_t header = 6, len;

	if (bytes.len < 8)
		return bytes.len >= 6 && at[1] == 0x80 ? (*opcode = at[0] & 15, 6) : 0;
	len = at[1] & 127;
	if (len == 126) {
		len = (size_t)at[2] << 8 | at[3];
		header = 8;
	}
	if (bytes.len < header + len)
		return 0;
	*opcode = at[0] & 15;
	*payload = (struct chat_span){bytes.at + header, len};
	unmask((char *)bytes.at + header, len, at + header - 4);
	return header + len;
}

/* Handles a whole frame. Returns 0, or -1 when it was a Close. */
static int
client_frame(struct floor *floor, struct client *client, unsigned opcode, struct chat_span payload)
{
	size_t around = strlen(TEXT_PREFIX) + strlen(TEXT_SUFFIX);

	if (opcode == CHAT_WS_CLOSE) {
		client_send(floor, client, "\x88\x02\x03\xe8", 4);
		return -1;
	}
	if (payload.len > TYPE_AT && payload.at[TYPE_AT] == 'i')
		floor_join(floor, client);
	else if (payload.len > around)
		floor_say(floor,
			(struct chat_span){payload.at + strlen(TEXT_PREFIX), payload.len - around});
	return 0;
}

/* Upgrades, once the head is whole; the bytes taken. */
static size_t
client_upgrade(struct floor *floor, struct client *client, struct chat_span bytes)
{
	static const char name[] = "Sec-WebSocket-Key: ";
	size_t scanned = 0, len = chat_http_head_len(bytes, &scanned);
	const char *key = memmem(bytes.at, len, name, strlen(name));
	struct chat_buf out = {0};

	if (!len || !key)
		return 0;
	chat_http_write_accept(&out, (struct chat_span){key + strlen(name), CHAT_HTTP_KEY_LEN});
	client_send(floor, client, out.at, out.len);
	chat_buf_free(&out);
	client->upgraded = true;
	return len;
}

/*
 * Handles the bytes that came, behind the half of a frame that was left. Returns -1 after a Close.
 */
static int
client_input(struct floor *floor, struct client *client, struct chat_span bytes)
{
	struct chat_span payload = {0};
	unsigned opcode;
	size_t taken;

	if (!client->upgraded) {
		taken = client_upgrade(floor, client, bytes);
		bytes.at += taken;
		bytes.len -= taken;
	}
	while (client->upgraded && (taken = frame_take(bytes, &opcode, &payload))) {
		if (client_frame(floor, client, opcode, payload) < 0)
			return -1;
		bytes.at += taken;
		bytes.len -= taken;
	}
	if (bytes.len)
		chat_buf_append_span(&client->in, bytes);
	return 0;
}

static void
client_read(struct floor *floor, struct client *client)
{
	size_t kept = client->in.len;
	ssize_t got;

	if (kept > READ_BYTES)
		chat_die(1, "a frame is too long");
	if (kept)
		memcpy(floor->buffer, client->in.at, kept);
	got = recv(client->fd, floor->buffer + kept, READ_BYTES, 0);
	if (got < 0 && errno == EAGAIN)
		return;
	client->in.len = 0;
	if (got <= 0 ||
		client_input(floor, client, (struct chat_span){floor->buffer, kept + (size_t)got}) <
			0)
		client_close(floor, client);
}

/* ---- the loop ---- */

static void
floor_accept(struct floor *floor)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd, one = 1;

	while ((fd = accept4(floor->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *client = chat_alloc_zeroed(1, sizeof(*client));

		client->fd = fd;
		client->place = NOWHERE;
		event.data.ptr = client;
		if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
			epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
			chat_die(1, "a new connection: %m");
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		chat_die(1, "accept: %m");
}

static void
floor_turn(struct floor *floor)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(floor->epoll, events, EVENTS, -1);

	for (int i = 0; i < count; i++) {
		struct client *client = events[i].data.ptr;

		if (!client) {
			floor_accept(floor);
			continue;
		}
		if (events[i].events & EPOLLOUT)
			client_flush(floor, client);
		if (events[i].events & ~(unsigned)EPOLLOUT)
			client_read(floor, client);
	}
	floor_deliver(floor);
}

static void
floor_open(struct floor *floor)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct epoll_event event = {.events = EPOLLIN};
	struct rlimit descriptors;
	socklen_t len = sizeof(address);

	if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
		descriptors.rlim_cur = descriptors.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &descriptors) < 0)
			chat_die(1, "setrlimit: %m");
	}
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	floor->buffer = chat_alloc(2 * READ_BYTES);
	floor->epoll = epoll_create1(EPOLL_CLOEXEC);
	floor->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (floor->epoll < 0 || floor->listener < 0 ||
		bind(floor->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(floor->listener, SOMAXCONN) < 0 ||
		getsockname(floor->listener, (struct sockaddr *)&address, &len) < 0 ||
		epoll_ctl(floor->epoll, EPOLL_CTL_ADD, floor->listener, &event) < 0)
		chat_die(1, "cannot listen: %m");
	printf("ws://127.0.0.1:%u/\n", ntohs(address.sin_port));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const char *const gathers[] = {"contiguous", "writev", "none", NULL};
	static const struct chat_usage usage = {
		.synopsis = "[--gather=contiguous|writev|none]",
		.about = "Fan texts out and do nothing else; prints its URL.",
	};
	struct floor floor = {0};
	const struct chat_opt table[] = {
		{.kind = CHAT_OPT_CHOICE,
			.name = "gather",
			.offset = offsetof(struct floor, gather),
			.argument = "HOW",
			.choices = gathers,
			.help = "a connection's frames of a turn: contiguous, writev, none"},
		{0},
	};

	chat_start();
	if (chat_opt_parse(argc, argv, table, &usage, &floor) < argc)
		chat_die_usage("operands are not taken");
	floor_open(&floor);
	for (;;)
		floor_turn(&floor);
}
