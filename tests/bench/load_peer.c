/* Connections of the load generator join their channels and leave them. */
#include "load_peer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat/msg.h"
#include "command/diag.h"
#include "load_stream.h"
#include "load_usage.h"
#include "message/encode.h"
#include "wire/ws.h"

#define EVENTS 512
#define STUCK_MS 20000
#define PEERS_PER_ADDRESS 4000 /* a port for a connection is found fast while few are in use */

void
peers_init(struct peers *peers, const struct load *load, size_t count)
{
	*peers = (struct peers){.load = load, .count = count};
	usage_need_descriptors((int64_t)count + PEERS_SPARE_DESCRIPTORS);
	peers->at = chat_alloc_zeroed(count, sizeof(*peers->at));
	for (size_t i = 0; i < count; i++)
		peers->at[i].wire.fd = -1;
	peers->wires = load->servers[0].url.tls ? wires_open() : NULL;
	peers->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (peers->epoll < 0)
		chat_die(1, "epoll_create1: %m");
}

void
peers_free(struct peers *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		chat_buf_free(&peers->at[i].in);
		wire_close(&peers->at[i].wire);
	}
	wires_close(peers->wires);
	close(peers->epoll);
	free(peers->at);
}

/* ---- sending ---- */

/* A few hundred bytes into an empty socket: they fit. */
static void
peer_send(struct peer *peer, struct chat_buf *bytes)
{
	ssize_t sent = wire_send(&peer->wire, bytes->at, bytes->len);

	if (sent < 0)
		chat_die(1, "connection %u: %m", peer->number);
	if ((size_t)sent != bytes->len)
		chat_die(1, "connection %u: the kernel took half a message", peer->number);
	chat_buf_free(bytes);
}

/* Returns the server of a peer. */
static const struct load_server *
peer_server(const struct peers *peers, const struct peer *peer)
{
	return &peers->load->servers[peer->number % peers->load->server_count];
}

static void
peer_send_request(const struct peers *peers, struct peer *peer)
{
	const struct load_server *server = peer_server(peers, peer);
	struct chat_url url = server->url;
	struct chat_buf out = {0};
	struct chat_err err;

	if (peers->per_channel)
		snprintf(url.channel, sizeof(url.channel), "/c%05u",
			peer->number / peers->per_channel);
	chat_http_make_key(peer->key);
	if (chat_http_write_request(
		    &out, server->host_port, url.channel, peer->key, "chat-bench", &err) < 0)
		chat_die(1, "%s", err.text);
	peer_send(peer, &out);
}

static void
peer_send_init(const struct peers *peers, struct peer *peer)
{
	char name[] = "load-00000000";
	struct chat_ws_masks masks = {0};
	struct chat_buf out = {0};
	char *init;

	snprintf(name, sizeof(name), "load-%08x", peer->number);
	init = chat_encode_init(
		&(struct chat_encode_init){.username = name, .id = name, .hidden = peers->hidden});
	chat_ws_append(&out, &masks, CHAT_WS_TEXT, chat_span_of(init));
	free(init);
	peer_send(peer, &out);
}

void
peer_leave(struct peer *peer)
{
	struct chat_ws_masks masks = {0};
	struct chat_buf out = {0};

	chat_ws_append_close(&out, &masks, 1000, NULL);
	peer_send(peer, &out);
	peer->state = PEER_LEAVING;
}

/* ---- connecting ---- */

static void
peer_bind(int fd, const struct peer *peer)
{
	struct sockaddr_in source = {.sin_family = AF_INET};
	int one = 1;

	source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + peer->number / PEERS_PER_ADDRESS);
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		chat_die(1, "connection %u: %m", peer->number);
}

void
peer_start(struct peers *peers, size_t slot, uint32_t number)
{
	struct peer *peer = &peers->at[slot];
	const struct load_server *server;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)slot};
	int fd;

	*peer = (struct peer){.number = number};
	server = peer_server(peers, peer);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		chat_die(1, "socket: %m");
	peer_bind(fd, peer);
	if (connect(fd, (const struct sockaddr *)&server->address, sizeof(server->address)) < 0 &&
		errno != EINPROGRESS)
		chat_die(1, "%s: %m", server->host_port);
	if (epoll_ctl(peers->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		chat_die(1, "epoll_ctl: %m");
	wire_open(&peer->wire, fd, peers->wires);
}

/* ---- receiving ---- */

static bool
peer_read(struct peer *peer)
{
	char *to = chat_buf_reserve(&peer->in, 65536);
	ssize_t got = wire_recv(&peer->wire, to, 65536);

	if (got > 0)
		peer->in.len += (size_t)got;
	else if (got == 0 && peer->state != PEER_LEAVING)
		chat_die(1, "the server ended connection %u", peer->number);
	else if (got < 0 && errno != EAGAIN && peer->state != PEER_LEAVING)
		chat_die(1, "connection %u: %m", peer->number);
	else if (got == 0 || errno != EAGAIN)
		peer->state = PEER_GONE; /* without a Close, but gone */
	return got > 0;
}

static void
peer_upgraded(const struct peers *peers, struct peer *peer)
{
	size_t scanned = 0;
	size_t len = chat_http_head_len(chat_buf_span(&peer->in), &scanned);
	struct chat_err err;
	int status;

	if (!len)
		return;
	if (chat_http_read_response(
		    (struct chat_span){peer->in.at, len}, peer->key, &status, &err) < 0)
		chat_die(1, "connection %u: %s", peer->number, err.text);
	chat_buf_drop(&peer->in, len);
	peer_send_init(peers, peer);
	peer->state = PEER_JOINING;
}

/* A message on the way in. */
static void
peer_message(struct peer *peer, struct chat_span payload)
{
	struct chat_err err;
	struct chat_msg msg;

	if (chat_msg_read(&msg, payload, CHAT_FROM_SERVER, &err) < 0)
		chat_die(1, "no message: %s: %.*s", err.text, (int)payload.len, payload.at);
	if (msg.type == CHAT_TYPE_ERROR)
		chat_die(1, "connection %u: %.*s", peer->number, (int)payload.len, payload.at);
	if (msg.type == CHAT_TYPE_HISTORY && !peer->has_users)
		chat_die(1, "history came before userData");
	if (msg.type == CHAT_TYPE_HISTORY)
		peer->state = PEER_READY;
	peer->has_users |= msg.type == CHAT_TYPE_USER_DATA;
}

/* The frames that are there, up to the one that makes it ready or gone. */
static void
peer_frames(struct peer *peer)
{
	enum peer_state state = peer->state;
	struct chat_span payload;
	unsigned opcode;
	size_t len;

	while (peer->state == state &&
		(len = stream_frame(chat_buf_span(&peer->in), &opcode, &payload))) {
		if (opcode == CHAT_WS_CLOSE && state == PEER_LEAVING)
			peer->state = PEER_GONE;
		else if (opcode == CHAT_WS_CLOSE)
			chat_die(1, "the server closed connection %u", peer->number);
		else if (opcode == CHAT_WS_TEXT && state == PEER_JOINING)
			peer_message(peer, payload);
		chat_buf_drop(&peer->in, len);
	}
}

static void
peer_receive(const struct peers *peers, struct peer *peer)
{
	while (peer->state != PEER_READY && peer->state != PEER_GONE && peer_read(peer)) {
		if (peer->state == PEER_UPGRADING)
			peer_upgraded(peers, peer);
		if (peer->state == PEER_JOINING || peer->state == PEER_LEAVING)
			peer_frames(peer);
	}
}

static void
peer_discard(struct peer *peer)
{
	ssize_t got;

	while ((got = wire_skip(&peer->wire)) > 0)
		;
	if (got == 0 || errno != EAGAIN)
		chat_die(1, "the server ended connection %u", peer->number);
}

void
peer_progress(struct peers *peers, struct peer *peer)
{
	if (peer->state == PEER_CONNECTING) {
		if (!wire_is_up(&peer->wire))
			return;
		peer_send_request(peers, peer);
		peer->state = PEER_UPGRADING;
		return;
	}
	if (peer->state == PEER_READY) {
		chat_buf_free(&peer->in); /* it stays: the rest of its frames is thrown away, too */
		peer_discard(peer);
		return;
	}
	peer_receive(peers, peer);
	if (peer->state == PEER_GONE)
		wire_close(&peer->wire);
	if (peer->state == PEER_GONE || !peer->in.len)
		chat_buf_free(&peer->in);
}

/* ---- many ---- */

/* Waits for events and goes on with each; false where none came in time. */
static bool
peers_turn(struct peers *peers, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(peers->epoll, events, EVENTS, timeout_ms);

	if (count < 0 && errno != EINTR)
		chat_die(1, "epoll_wait: %m");
	for (int i = 0; i < count; i++) {
		struct peer *peer = &peers->at[events[i].data.u32];
		bool was_ready = peer->state == PEER_READY;

		peer_progress(peers, peer);
		peers->ready += !was_ready && peer->state == PEER_READY;
	}
	return count != 0;
}

void
peers_open(struct peers *peers, size_t count)
{
	size_t started = peers->ready;

	while (peers->ready < count) {
		for (; started < count && started < peers->ready + (size_t)peers->load->at_once;
			started++)
			peer_start(peers, started, (uint32_t)started);
		if (!peers_turn(peers, STUCK_MS))
			chat_die(1, "only %zu of %zu connections came in", peers->ready, count);
	}
}

void
peers_settle(struct peers *peers, int quiet_ms)
{
	while (peers_turn(peers, quiet_ms))
		;
}
