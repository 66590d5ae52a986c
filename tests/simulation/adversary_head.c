/* Heads of HTTP: what may stand in each place of one, right and wrong. */
#include <string.h>

#include "simulation/adversary_private.h"

/* The first of each kind is the right one. */
static const char *const methods[] = {"GET", "POST", "get", "G\x01T", "", NULL};
static const char *const targets[] = {"/", "/?a=b", "http://localhost:3001/ops", "ws:///", "*",
	"//", "/..", "/a/", "/with%20space", "ftp://x/", "",
	"/0123456789012345678901234567890123456789012345678901234567890123456789", NULL};
static const char *const versions[] = {
	"HTTP/1.1", "HTTP/1.0", "HTTP/1.9", "HTTP/2.0", "HTTP/1.", "http/1.1", "", NULL};
static const char *const hosts[] = {"localhost:3001", "127.0.0.1:3001", "[::1]:3001",
	"[::ffff:127.0.0.2]", "chat.example", "a.localhost", "evil.example", "10.0.0.1:3001",
	"[2001:db8::1]:3001", "localhost:0", "localhost:99999", "[::1", "user@localhost", "", NULL};
static const char *const origins[] = {"http://localhost:8080", "null", "https://chat.example",
	"http://evil.example", "https://localhost", "http://10.0.0.1:3001", "http://127.0.0.1:x",
	"ftp://localhost", "http://[::1", "https://", "http://chat.example:8080", "",
	"http://0123456789.0123456789.0123456789.0123456789.example", NULL};
static const char *const upgrades[] = {"websocket", "WebSocket", "h2c, websocket", "h2c", "", NULL};
static const char *const connections[] = {"Upgrade", "keep-alive, upgrade", "close", "", NULL};
static const char *const keys[] = {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=",
	"dGhlIHNhbXBsZSBub25jZR==", "", NULL};
static const char *const sockets[] = {"13", "8", "13, 8", "", NULL};
static const char *const forwarded[] = {"192.0.2.1", "192.0.2.2, 10.99.0.3",
	"\"[2001:db8:7::5]:4711\"", "2001:db8:7::6", "[2001:db8:7::7]", "192.0.2.4:80", "unknown",
	"192.0.2.5:123456", "192.0.2.6:8o", "[192.0.2.7]", "192.0.2.8,", " , 192.0.2.9 \t",
	"127.0.0.201", "10.99.0.1, 10.99.0.2", "\"", "_hidden:1",
	"2001:db8:7:0123456789012345678901234567890123456789::1", NULL};

/* The right one, or, in an odd head, any. */
static const char *
pick(const char *const strings[], bool odd)
{
	return odd && evil_below(4) == 0 ? evil_one_of(strings) : strings[0];
}

static void
put_forwarded(struct evil *evil)
{
	uint64_t lines = evil_below(8) ? 1 + evil_below(2) : 20;

	for (; lines > 0; lines--)
		evil_print(evil, "X-Forwarded-For: %s\r\n", evil_one_of(forwarded));
}

static void
put_target(struct evil *evil, bool odd)
{
	if (odd)
		evil_print(evil, "%s ", pick(targets, odd));
	else if (evil_below(3))
		evil_print(evil, "%s ", evil_below(2) ? "/" : "/ops");
	else
		evil_print(evil, "/evil%u ", (unsigned)evil_below(6));
}

/* Lines that seldom come, or that are too many. */
static void
put_oddities(struct evil *evil)
{
	switch (evil_below(8)) {
	case 0:
		evil_print(evil, "Content-Length: %u\r\n", (unsigned)evil_below(2));
		break;
	case 1:
		evil_print(evil, "Transfer-Encoding: chunked\r\n");
		break;
	case 2:
		evil_print(evil, "Host: localhost:3001\r\n");
		break;
	case 3:
		evil_print(evil, " folded\r\n");
		break;
	case 4:
		while (evil->len < 9000)
			evil_print(evil, "User-Agent-Of-Nobody: 0123456789012345678901234567\r\n");
		break;
	default:
		break;
	}
}

void
evil_put_good_head(struct evil *evil)
{
	evil_print(evil, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\n", hosts[0]);
	evil_print(evil, "Upgrade: websocket\r\nSec-WebSocket-Version: %s\r\n", sockets[0]);
	evil_print(evil, "Sec-WebSocket-Key: %s\r\n\r\n", keys[0]);
}

void
evil_put_head(struct evil *evil)
{
	bool odd = evil_below(3) == 0;

	if (evil_below(40) == 0)
		evil_put(evil, "\x16\x03\x01", 3); /* as TLS begins */
	evil_print(evil, "%s ", pick(methods, odd));
	put_target(evil, odd);
	evil_print(evil, "%s\r\nHost: %s\r\n", pick(versions, odd), pick(hosts, evil_below(2)));
	evil_print(evil, "Connection: %s\r\nUpgrade: %s\r\n", pick(connections, odd),
		pick(upgrades, odd));
	evil_print(evil, "Sec-WebSocket-Version: %s\r\nSec-WebSocket-Key: %s\r\n",
		pick(sockets, odd), pick(keys, odd));
	if (evil_below(4) == 0)
		evil_print(evil, "Origin: %s\r\n", evil_one_of(origins));
	if (evil_below(2))
		put_forwarded(evil);
	if (odd)
		put_oddities(evil);
	evil_print(evil, "\r\n");
}

void
evil_put_question(struct evil *evil)
{
	static const char *const paths[] = {"/metrics", "/healthz", "/", "nothing", NULL};
	bool odd = evil_below(3) == 0;

	evil_print(
		evil, "%s %s %s\r\n", pick(methods, odd), evil_one_of(paths), pick(versions, odd));
	evil_print(evil, "Host: %s\r\n", pick(hosts, odd));
	if (odd)
		evil_print(evil, "Origin: %s\r\n", evil_one_of(origins));
	if (odd)
		put_oddities(evil);
	evil_print(evil, "\r\n");
}
