#ifndef UNIT_FAKE_SERVER_H
#define UNIT_FAKE_SERVER_H

/*
 * A server with one channel and one member, and a reader at the end of a pipe, for clients under
 * test. Each does a little at a time and never waits. Only poll_set.c includes this.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat/msg.h"
#include "client/nonce.h"
#include "common/settings.h"
#include "text/buf.h"
#include "wire/http.h"
#include "wire/ws.h"

#define LINES 1500 /* of a game */
#define TEXT_MAX 900
#define CUTS 2 /* connections that are broken in a game */

/* ---- chance ---- */

static uint64_t
draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* 0 to bound - 1 */
static size_t
below(uint64_t *state, size_t bound)
{
	return (size_t)(draw(state) >> 16) % bound;
}

/* ---- a server: one member, who is told everything once, or tells everything ---- */

struct server {
	int listen_fd, fd; /* fd -1: nobody is connected */
	struct chat_ws ws;
	struct chat_ws_pool *pool;
	struct chat_buf head, out;
	size_t sent; /* of out */
	bool open, joined;
	size_t said; /* messages told to the member on this connection */
	size_t heard; /* texts of the member, in all */
	size_t cuts;
	char nonces[LINES][NONCE_SIZE]; /* of what was heard */
	char texts[LINES + 1][20];
	char nonce[NONCE_SIZE]; /* scratch */
};

static void
server_open(struct server *server, struct chat_url *url)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	*server = (struct server){.fd = -1, .pool = chat_ws_pool_new(), .cuts = CUTS};
	server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->listen_fd < 0 ||
		bind(server->listen_fd, (struct sockaddr *)&address, size) < 0 ||
		listen(server->listen_fd, 8) < 0 ||
		getsockname(server->listen_fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	*url = (struct chat_url){
		.host = "127.0.0.1", .port = ntohs(address.sin_port), .channel = "/"};
}

static void
server_drop(struct server *server)
{
	if (server->fd < 0)
		return;
	close(server->fd);
	chat_ws_free(&server->ws, server->pool);
	chat_buf_free(&server->head);
	chat_buf_free(&server->out);
	server->fd = -1;
	server->open = server->joined = false;
	server->sent = 0;
}

static void
server_close(struct server *server)
{
	server_drop(server);
	chat_ws_pool_free(server->pool);
	close(server->listen_fd);
}

static void
server_frame(struct server *server, enum chat_ws_opcode opcode, struct chat_span payload)
{
	chat_ws_append(&server->out, NULL, opcode, payload);
}

/* Message `number` of the channel: what was heard, or as long as its number makes it. */
static void
append_message(const struct server *server, struct chat_buf *line, size_t number, const char *nonce)
{
	chat_buf_printf(
		line, "{\"type\":\"message\",\"id\":\"%06zu\",\"sender\":\"speaker\",", number);
	if (*server->texts[number])
		chat_buf_printf(line, "\"content\":\"%s\"", server->texts[number]);
	else
		chat_buf_printf(
			line, "\"content\":\"%0*d\"", (int)(1 + number * 7919 % TEXT_MAX), 7);
	chat_buf_printf(line, ",\"timestamp\":%zu", number);
	if (nonce)
		chat_buf_printf(line, ",\"nonce\":\"%s\"", nonce);
	chat_buf_append_string(line, "}");
}

static void
server_say(struct server *server, size_t number, const char *nonce)
{
	struct chat_buf line = {0};

	append_message(server, &line, number, nonce);
	server_frame(server, CHAT_WS_TEXT, chat_buf_span(&line));
	chat_buf_free(&line);
}

/* userData, and of the past what came after `since`, up to where the channel was. */
static void
server_join(struct server *server, const struct chat_msg *msg, bool tells)
{
	struct chat_buf line = {0};
	size_t since = 0;

	if (chat_msg_has(msg, CHAT_SLOT_SINCE))
		since = strtoul(chat_json_inside(&msg->value[CHAT_SLOT_SINCE]).at, NULL, 10);
	server_frame(server, CHAT_WS_TEXT,
		CHAT_SPAN("{\"type\":\"userData\",\"users\":[],\"server\":{\"features\":[\"nonce\","
			  "\"since\"],\"instance\":\"i\"}}"));
	chat_buf_append_string(&line, "{\"type\":\"history\",\"messages\":[");
	if (!tells || since == 0)
		server->said = since;
	for (size_t number = since + 1; number <= server->said; number++) {
		append_message(server, &line, number, tells ? NULL : server->nonces[number]);
		chat_buf_append_string(&line, number < server->said ? "," : "");
	}
	chat_buf_append_string(&line, "],\"complete\":true}");
	server_frame(server, CHAT_WS_TEXT, chat_buf_span(&line));
	chat_buf_free(&line);
	server->joined = true;
}

/* The number a nonce has or gets: said again it is the same message. */
static size_t
server_number(struct server *server, const char *nonce)
{
	for (size_t i = 1; i <= server->heard; i++)
		if (strcmp(server->nonces[i], nonce) == 0)
			return i;
	if (server->heard + 1 < LINES)
		server->heard++;
	snprintf(server->nonces[server->heard], NONCE_SIZE, "%s", nonce);
	return server->heard;
}

static void
server_hear(struct server *server, struct chat_span text, bool tells)
{
	struct chat_msg msg;
	struct chat_span nonce, said;
	size_t number;

	if (chat_msg_read(&msg, text, CHAT_FROM_CLIENT, NULL) < 0)
		abort();
	if (msg.type == CHAT_TYPE_INIT) {
		server_join(server, &msg, tells);
		return;
	}
	nonce = chat_json_inside(&msg.value[CHAT_SLOT_NONCE]);
	snprintf(server->nonce, sizeof(server->nonce), "%.*s", (int)nonce.len, nonce.at);
	said = chat_json_inside(&msg.value[CHAT_SLOT_TEXT]);
	number = server_number(server, server->nonce);
	snprintf(server->texts[number], sizeof(server->texts[number]), "%.*s", (int)said.len,
		said.at);
	server_say(server, number, server->nonce);
}

static void
server_frames(struct server *server, struct chat_span input, bool tells)
{
	static const struct chat_ws_limits limits = {
		.max_message_bytes = 1 << 20, .max_fragments = 100};
	enum chat_ws_event event = CHAT_WS_MESSAGE;
	struct chat_span payload;

	while (server->fd >= 0 && event != CHAT_WS_WANT_MORE) {
		event = chat_ws_next(&server->ws, server->pool, &limits, &input, &payload);
		if (event == CHAT_WS_MESSAGE)
			server_hear(server, payload, tells);
		else if (event == CHAT_WS_GOT_PING)
			server_frame(server, CHAT_WS_PONG, payload);
		else if (event == CHAT_WS_GOT_CLOSE)
			chat_ws_append_close(&server->out, NULL, 1000, NULL);
		else if (event == CHAT_WS_FAILED)
			abort();
	}
}

static void
server_shake_hands(struct server *server, struct chat_span input, bool tells)
{
	struct chat_http_request request;
	bool bad_version;
	size_t scanned = 0, len;

	chat_buf_append_span(&server->head, input);
	len = chat_http_head_len(chat_buf_span(&server->head), &scanned);
	if (len == 0)
		return;
	if (chat_http_read_request(
		    &request, (struct chat_span){server->head.at, len}, &bad_version) != 101)
		abort();
	chat_http_write_accept(&server->out, request.key);
	server->open = true;
	chat_ws_init(&server->ws, CHAT_WS_SERVER);
	server_frames(
		server, (struct chat_span){server->head.at + len, server->head.len - len}, tells);
}

/* Takes somebody, and some of what they say. True: there was something. */
static bool
server_read(struct server *server, size_t most, bool tells)
{
	char bytes[16384];
	ssize_t got;

	if (server->fd < 0) {
		server->fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		return server->fd >= 0;
	}
	got = read(server->fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes));
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0)
		server_drop(server);
	else if (server->open)
		server_frames(server, (struct chat_span){bytes, (size_t)got}, tells);
	else
		server_shake_hands(server, (struct chat_span){bytes, (size_t)got}, tells);
	return true;
}

/* Sends some of what is to be said. True: it did. */
static bool
server_write(struct server *server, size_t most)
{
	size_t left = server->out.len - server->sent;
	ssize_t sent;

	if (server->fd < 0 || left == 0)
		return false;
	sent = send(
		server->fd, server->out.at + server->sent, left < most ? left : most, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN)
		return false;
	if (sent < 0)
		server_drop(server);
	else
		server->sent += (size_t)sent;
	return true;
}

/* Breaks the connection, with a FIN or a reset. */
static void
server_cut(struct server *server, bool reset)
{
	struct linger at_once = {1, 0};

	if (server->fd < 0 || server->cuts == 0)
		return;
	server->cuts--;
	if (reset)
		setsockopt(server->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	server_drop(server);
}

/* ---- what both games share ---- */

struct game {
	uint64_t chance;
	struct server server;
	struct chat_listed_url url;
	struct chat_url_list urls; /* url alone */
	struct settings settings;
	int reader, stdout_fd; /* of a pipe */
	struct chat_buf read; /* what the reader got and has not looked at */
	size_t lines; /* messages that the reader got, in order */
	bool disorder;
	bool eager; /* the reader reads all there is */
	const char *asleep; /* what there was to do when the program would have slept */
	size_t turns; /* of the program */
};

static void
game_open(struct game *game, uint64_t seed)
{
	int fds[2];

	*game = (struct game){.chance = seed * 0x9e3779b97f4a7c15u + 1};
	server_open(&game->server, &game->url.url);
	chat_url_format(&game->url.url, game->url.text, sizeof(game->url.text));
	game->urls = (struct chat_url_list){&game->url, 1};
	if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		abort();
	game->reader = fds[0];
	game->stdout_fd = fds[1];
	settings_init(&game->settings);
	game->settings.username = "speaker";
	game->settings.user_id = "speaker";
	if (settings_finish(&game->settings, NULL) < 0)
		abort();
}

static void
game_close(struct game *game)
{
	server_close(&game->server);
	settings_free(&game->settings);
	chat_buf_free(&game->read);
	close(game->reader);
	close(game->stdout_fd);
}

static void
look_at_line(struct game *game, struct chat_span line)
{
	struct chat_span start = CHAT_SPAN("{\"type\":\"message\",\"id\":\"");

	if (line.len < start.len || memcmp(line.at, start.at, start.len) != 0)
		return;
	game->lines++;
	if (strtoul(line.at + start.len, NULL, 10) != game->lines)
		game->disorder = true;
}

/* The reader reads some. True: there was something. */
static bool
game_read(struct game *game, size_t most)
{
	char *to = chat_buf_reserve(&game->read, most), *newline;
	ssize_t got = read(game->reader, to, most);

	if (got <= 0)
		return false;
	game->read.len += (size_t)got;
	while ((newline = memchr(game->read.at, '\n', game->read.len))) {
		size_t len = (size_t)(newline - game->read.at);

		look_at_line(game, (struct chat_span){game->read.at, len});
		chat_buf_drop(&game->read, len + 1);
	}
	return true;
}

static int
unread_bytes(int fd)
{
	int bytes = 0;

	return ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : 0;
}

static bool
is_writable(int fd)
{
	struct pollfd poll_fd = {fd, POLLOUT, 0};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT);
}

/* One of the things that a server and a reader do. True: it was done. */
static bool
game_move(struct game *game, bool tells)
{
	struct server *server = &game->server;

	switch (below(&game->chance, 8)) {
	case 0:
	case 1:
		return server_read(server, 1 + below(&game->chance, 16384), tells);
	case 2:
	case 3:
		return server_write(
			server, 1 + below(&game->chance, 1 << (4 + below(&game->chance, 14))));
	case 4:
		if (below(&game->chance, 50) == 0)
			game->eager = !game->eager;
		return game_read(game, game->eager ? 1 << 20 : 1 + below(&game->chance, 5000));
	case 5:
		if (server->joined && below(&game->chance, 20) == 0)
			server_frame(server, CHAT_WS_PING, CHAT_SPAN("there?"));
		return false;
	case 6:
		if (below(&game->chance, 150) == 0 && game->lines > LINES / 8)
			server_cut(server, below(&game->chance, 2));
		return false;
	default:
		return false;
	}
}

/* Everybody does all there is to do: the program has the last word. */
static bool
game_settle(struct game *game, bool tells)
{
	bool moved = server_read(&game->server, 16384, tells);

	moved |= server_write(&game->server, 1 << 20);
	moved |= game_read(game, 1 << 20);
	return moved;
}

#endif
