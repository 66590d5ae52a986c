/* Draws what to do from the chance of the world, until it is killed. */
#include "simulation/adversary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"
#include "simulation/tls.h"

#define CONNECTIONS 6
#define PORT 3001
#define TEXT_MOST 4096

struct evil {
	const char *number;
	int fds[CONNECTIONS]; /* -1: not open */
	bool joined[CONNECTIONS]; /* init was sent */
	bool has_tls, pretends;
	struct sim_tls *tls[CONNECTIONS]; /* NULL: it is spoken plainly */
	unsigned said;
	char nonce[64]; /* the last that was read in a message of somebody */
	char bytes[2 * TEXT_MOST];
	size_t len; /* of bytes */
};

static uint64_t
below(uint64_t bound)
{
	return chance_below(world_chance(), bound);
}

/* ---- bytes ---- */

static void
put(struct evil *evil, const void *bytes, size_t len)
{
	if (len > sizeof(evil->bytes) - evil->len)
		len = sizeof(evil->bytes) - evil->len;
	memcpy(evil->bytes + evil->len, bytes, len);
	evil->len += len;
}

static void
put_string(struct evil *evil, const char *string)
{
	put(evil, string, strlen(string));
}

/* Changes, cuts, doubles or leaves the bytes. */
static void
mutate(struct evil *evil)
{
	size_t at = evil->len ? below(evil->len) : 0;

	switch (below(8)) {
	case 0:
		evil->bytes[at] ^= (char)(1 << below(8));
		break;
	case 1:
		evil->bytes[at] = (char)below(256);
		break;
	case 2:
		evil->len = at;
		break;
	case 3:
		put(evil, evil->bytes + at, evil->len - at);
		break;
	default:
		break;
	}
}

static void
put_frame(struct evil *evil, unsigned first, const char *text, size_t len)
{
	unsigned char head[8] = {(unsigned char)first, 0};
	size_t head_len = 2;

	if (len < 126) {
		head[1] = (unsigned char)(0x80 | len);
	} else {
		head[1] = 0x80 | 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		head_len = 4;
	}
	put(evil, head, head_len);
	put(evil, "\0\0\0\0", 4); /* a mask that changes nothing */
	put(evil, text, len);
}

static void
put_text(struct evil *evil, const char *text)
{
	unsigned first = below(10) ? 0x81 : (unsigned)below(256);

	put_frame(evil, first, text, strlen(text));
}

/* ---- what is said ---- */

static void
put_head(struct evil *evil)
{
	put_string(evil, below(8) ? "GET / HTTP/1.1\r\n" : "POST /ops HTTP/1.0\r\n");
	put_string(evil, "Host: localhost:3001\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
	put_string(evil, "Sec-WebSocket-Version: 13\r\n");
	put_string(evil, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
	if (below(8) == 0)
		put_string(evil, "Origin: http://elsewhere.example\r\n");
	put_string(evil, "\r\n");
}

static void
put_init(struct evil *evil)
{
	const char *since = below(3) ? "" : ",\"since\":\"0\"";
	int id = (int)below(3), who = (int)below(3);
	char text[200], name[32];

	snprintf(name, sizeof(name), "evil%s-%d", evil->number, who);
	if (evil->pretends && below(4) == 0)
		snprintf(name, sizeof(name), "speaker%d", who);
	snprintf(text, sizeof(text), "{\"type\":\"init\",\"username\":\"%s\",\"id\":\"e%s-%d\"%s}",
		name, evil->number, id, since);
	put_text(evil, text);
}

static void
put_message(struct evil *evil)
{
	static const char *const odd[] = {"{}", "[", "{\"type\":\"text\"}", "\xff\xfe", "",
		"{\"type\":\"userStatus\",\"userId\":\"s0\",\"online\":false}",
		"{\"type\":\"text\",\"text\":\"evil\",\"text\":\"other\"}",
		"{\"type\":\"file\",\"file\":{\"name\":\"evil\",\"size\":3,\"data\":\"AAAA\"}}"};
	char text[TEXT_MOST], nonce[64];
	size_t len;

	if (*evil->nonce && below(2))
		snprintf(nonce, sizeof(nonce), "%s", evil->nonce);
	else
		snprintf(nonce, sizeof(nonce), "n%d", (int)below(100));
	if (below(4) == 0) {
		put_text(evil, odd[below(sizeof(odd) / sizeof(*odd))]);
		return;
	}
	len = (size_t)snprintf(text, sizeof(text),
		"{\"type\":\"text\",\"nonce\":\"%s\",\"text\":\"evil%s %u %.*s\"}", nonce,
		evil->number, evil->said++, (int)below(900),
		"################################################################################");
	put_frame(evil, 0x81, text, len);
}

static void
put_control(struct evil *evil)
{
	char payload[130] = "";

	put_frame(evil, 0x88 + (unsigned)below(4), payload, below(3) ? below(126) : 0);
}

/* ---- connections ---- */

/* Takes one of its names, mostly; or two, one of them of somebody else; or none. */
static void
begin_identity(const struct evil *evil, struct identity *identity, char *name, size_t size)
{
	snprintf(name, size, "evil%s-%d", evil->number, (int)below(3));
	if (below(8) == 0)
		return;
	identity->name = name;
	if (below(4) == 0)
		identity->other = "speaker0";
}

/* Begins TLS, and ends it or not. */
static void
begin_tls(struct evil *evil, unsigned i)
{
	struct sim_tls_manner manner = {0};
	char name[32];

	if (below(3) == 0)
		manner.spoils = (unsigned)chance_scale(world_chance(), 500);
	if (below(3) == 0)
		manner.silent_after = chance_scale(world_chance(), 20000);
	if (evil->pretends)
		begin_identity(evil, &manner.identity, name, sizeof(name));
	evil->tls[i] = sim_tls_open(evil->fds[i], &manner);
	for (uint64_t turns = below(50); turns > 0; turns--) {
		if (sim_tls_connect(evil->tls[i]) == 1 || errno != EAGAIN)
			return;
		task_wait(world_now_ns() + chance_scale(world_chance(), 50 * MILLISECOND));
	}
}

static void
close_connection(struct evil *evil, unsigned i)
{
	sim_tls_close(evil->tls[i]);
	evil->tls[i] = NULL;
	sim_close(evil->fds[i]);
	evil->fds[i] = -1;
}

static void
open_connection(struct evil *evil, unsigned i)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	evil->fds[i] = sim_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	evil->joined[i] = false;
	if (evil->fds[i] < 0)
		return;
	sim_connect(evil->fds[i], (struct sockaddr *)&to, sizeof(to));
	task_wait(world_now_ns() + chance_scale(world_chance(), 5 * MILLISECOND));
	if (evil->has_tls && below(5))
		begin_tls(evil, i);
	put_head(evil);
}

/* Notes a nonce that was read, or the one that will follow it: nonces end with a counter. */
static void
steal_nonce(struct evil *evil, size_t len)
{
	static const char key[] = "\"nonce\":\"";
	const char *at = memmem(evil->bytes, len, key, sizeof(key) - 1);
	size_t left = at ? len - (size_t)(at - evil->bytes) - (sizeof(key) - 1) : 0;
	char *dash;

	if (!left)
		return;
	snprintf(evil->nonce, sizeof(evil->nonce), "%.*s", (int)(left < 60 ? left : 60),
		at + sizeof(key) - 1);
	evil->nonce[strcspn(evil->nonce, "\"")] = '\0';
	dash = strrchr(evil->nonce, '-');
	if (dash && below(2))
		snprintf(dash, 8, "-%uh1", ((unsigned)atoi(dash + 1) + (unsigned)below(3)) % 10000);
}

static void
read_some(struct evil *evil, unsigned i)
{
	for (uint64_t reads = below(20); reads > 0; reads--) {
		ssize_t count = evil->tls[i]
			? sim_tls_receive(evil->tls[i], evil->bytes, sizeof(evil->bytes))
			: sim_recv(evil->fds[i], evil->bytes, sizeof(evil->bytes), 0);

		if (count <= 0)
			return;
		steal_nonce(evil, (size_t)count);
	}
}

/* A record that is not all sent must be sent again; mostly it is. Returns false if TLS has failed.
 */
static bool
send_in_tls(const struct evil *evil, struct sim_tls *tls)
{
	if (below(20) == 0)
		sim_tls_babble(tls, (unsigned)chance_scale(world_chance(), 300));
	for (uint64_t tries = 1 + below(20); tries > 0; tries--) {
		if (sim_tls_send(tls, evil->bytes, evil->len) >= 0)
			return true;
		if (errno != EAGAIN)
			return false;
		task_wait(world_now_ns() + chance_scale(world_chance(), 50 * MILLISECOND));
	}
	return true;
}

static void
send_bytes(struct evil *evil, unsigned i)
{
	if (!evil->tls[i] || below(100) == 0) /* it may speak plainly all of a sudden */
		sim_send(evil->fds[i], evil->bytes, evil->len, 0);
	else if (!send_in_tls(evil, evil->tls[i]))
		close_connection(evil, i);
}

static void
use_connection(struct evil *evil, unsigned i)
{
	evil->len = 0;
	if (evil->fds[i] < 0) {
		open_connection(evil, i);
	} else if (!evil->joined[i]) {
		put_init(evil);
		evil->joined[i] = true;
	} else if (below(12) == 0) {
		close_connection(evil, i);
		return;
	} else if (below(3) == 0) {
		read_some(evil, i);
		evil->len = 0;
	} else if (below(5) == 0) {
		put_control(evil);
	} else {
		for (uint64_t messages = 1 + below(4); messages > 0; messages--)
			put_message(evil);
	}
	if (below(4) == 0)
		mutate(evil);
	if (evil->len && evil->fds[i] >= 0)
		send_bytes(evil, i);
}

int
adversary_main(int argc, char **argv)
{
	struct evil *evil = sim_calloc(1, sizeof(*evil));

	evil->number = argc > 1 ? argv[1] : "";
	evil->has_tls = argc > 2;
	evil->pretends = argc > 3;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		evil->fds[i] = -1;
	for (;;) {
		use_connection(evil, (unsigned)below(CONNECTIONS));
		task_wait(world_now_ns() + chance_scale(world_chance(), 2 * SECOND));
	}
}
