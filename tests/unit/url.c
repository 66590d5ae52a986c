/* URLs and channels: valid ones are parted correctly, others are refused with a helpful sentence.
 */
#include "wire/url.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define SIXTY_FOUR \
	"abcdefghijklmnopqrstuvwxyz0123456789-._~" \
	"ABCDEFGHIJKLMNOPQRSTUVWX"

static const struct {
	const char *text;
	bool tls;
	const char *host;
	unsigned port;
	const char *channel, *query;
	const char *back; /* as it is written back; NULL: the same */
} good[] = {
	{"ws://localhost:3001", false, "localhost", 3001, "/", "", "ws://localhost:3001/"},
	{"ws://localhost:3001/", false, "localhost", 3001, "/", "", NULL},
	{"wss://api.example.com/chat", true, "api.example.com", 443, "/chat", "", NULL},
	{"ws://host", false, "host", 80, "/", "", "ws://host/"},
	{"wss://host", true, "host", 443, "/", "", "wss://host/"},
	{"WSS://Host:443/", true, "Host", 443, "/", "", "wss://Host/"},
	{"Ws://host:80/a", false, "host", 80, "/a", "", "ws://host/a"},
	{"ws://host:443/", false, "host", 443, "/", "", NULL},
	{"wss://host:80/", true, "host", 80, "/", "", NULL},
	{"ws://host:1/", false, "host", 1, "/", "", NULL},
	{"ws://host:65535/", false, "host", 65535, "/", "", NULL},
	{"ws://host:00080/", false, "host", 80, "/", "", "ws://host/"},
	{"ws://127.0.0.1:3001/ops", false, "127.0.0.1", 3001, "/ops", "", NULL},
	{"ws://[::1]:3001/ops/night", false, "[::1]", 3001, "/ops/night", "", NULL},
	{"ws://[2001:db8::ff00:42:8329]", false, "[2001:db8::ff00:42:8329]", 80, "/", "",
		"ws://[2001:db8::ff00:42:8329]/"},
	{"ws://[::ffff:192.0.2.1]/", false, "[::ffff:192.0.2.1]", 80, "/", "", NULL},
	{"ws://[fe80::1%25eth0]/", false, "[fe80::1%25eth0]", 80, "/", "", NULL},
	{"ws://[fe80::1%eth0]/", false, "[fe80::1%eth0]", 80, "/", "", NULL},
	{"ws://my_host-1.example/", false, "my_host-1.example", 80, "/", "", NULL},
	{"ws://b\xC3\xBC"
	 "cher.example:1/a",
		false,
		"b\xC3\xBC"
		"cher.example",
		1, "/a", "", NULL},
	{"ws://b%C3%BCcher.example/", false, "b%C3%BCcher.example", 80, "/", "", NULL},
	{"ws://a~b!$&'()*+,;=c/", false, "a~b!$&'()*+,;=c", 80, "/", "", NULL},
	{"ws://host:3001/chat?x=1", false, "host", 3001, "/chat", "?x=1", NULL},
	{"ws://host?x=1", false, "host", 80, "/", "?x=1", "ws://host/?x=1"},
	{"ws://host/?", false, "host", 80, "/", "?", NULL},
	{"ws://host/a?b?c/d:e@f", false, "host", 80, "/a", "?b?c/d:e@f", NULL},
	{"ws://host/" SIXTY_FOUR, false, "host", 80, "/" SIXTY_FOUR, "", NULL},
	{"ws://host/a.b/..c/.../~d", false, "host", 80, "/a.b/..c/.../~d", "", NULL},
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct chat_url url;
		struct chat_err err = {.text = ""};
		char back[CHAT_URL_MAX];

		if (!ok(chat_url_parse(&url, good[i].text, &err) == 0, "%s", good[i].text)) {
			printf("# %s\n", err.text);
			continue;
		}
		ok(url.tls == good[i].tls, "its tls");
		is_str(url.host, good[i].host, "its host");
		is_int(url.port, good[i].port, "its port");
		is_str(url.channel, good[i].channel, "its channel");
		is_str(url.query, good[i].query, "its query");
		chat_url_format(&url, back, sizeof(back));
		is_str(back, good[i].back ? good[i].back : good[i].text, "written back");
	}
}

/* URLs that are refused, each with a part of the sentence of the error. */
static const struct {
	const char *text, *hint;
} bad[] = {
	{"", "ws://"},
	{"localhost:3001", "ws://localhost:3001/"},
	{"localhost", "begins with ws://"},
	{"//localhost/", "begins with ws://"},
	{"ws:localhost", "begins with ws://"},
	{"ws:/localhost", "begins with ws://"},
	{"http://localhost:3001/", "ws://, not http://"},
	{"HTTPS://host/", "wss://, not https://"},
	{"ftp://host/", "begins with ws://"},
	{"ws://", "no host"},
	{"ws:///chat", "no host"},
	{"ws://:3001/", "no host"},
	{"ws://?x", "no host"},
	{"ws://alice:secret@host/", "no user or password"},
	{"ws://alice@host/", "no user or password"},
	{"ws://@host/", "no user or password"},
	{"ws://host/#part", "fragment"},
	{"ws://host#part", "fragment"},
	{"ws://host/?a#part", "fragment"},
	{"ws://host:/", "port"},
	{"ws://host:0/", "port"},
	{"ws://host:65536/", "port"},
	{"ws://host:99999/", "port"},
	{"ws://host:080000/", "port"},
	{"ws://host:4294967376/", "port"},
	{"ws://host:-1/", "port"},
	{"ws://host:+80/", "port"},
	{"ws://host:80x/", "port"},
	{"ws://host:http/", "port"},
	{"ws://::1/", "brackets"},
	{"ws://::1:3001/", "brackets"},
	{"ws://fe80::1/", "brackets"},
	{"ws://[fe80::1]/", "[fe80::1%eth0]"},
	{"ws://[::1/", "IPv6"},
	{"ws://[]/", "IPv6"},
	{"ws://[localhost]/", "IPv6"},
	{"ws://[127.0.0.1]/", "IPv6"},
	{"ws://[1:2:3:4:5:6:7:8:9]/", "IPv6"},
	{"ws://[::1%]/", "IPv6"},
	{"ws://[%eth0]/", "IPv6"},
	{"ws://[::1%eth!]/", "IPv6"},
	{"ws://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]/", "IPv6"},
	{"ws://[::1]3001/", "port"},
	{"ws://[::1]x:3001/", "port"},
	{"ws://[::1]:/", "port"},
	{"ws://ho%73t/", "host name"},
	{"ws://ho%/", "host name"},
	{"ws://ho%c/", "host name"},
	{"ws://ho%2Fst/", "host name"},
	{"ws://ho%zzst/", "host name"},
	{"ws://ho]st/", "host name"},
	{"ws://ho\\st/", "host name"},
	{"ws://host\\@evil/", "no user"},
	{" ws://host/", "space"},
	{"ws://host/ ", "space"},
	{"ws://host/a b", "space"},
	{"ws://host/\n", "control"},
	{"ws://host/?a\r\nX: y", "control"},
	{"ws://host/\x7F", "control"},
	{"ws://h\xC3st/", "host name"},
	{"ws://h\xE2\x80\xAEost/", "host name"},
	{"ws://h\xC2\x85ost/", "host name"},
	{"ws://host/?\xC3\xB6", "beyond ASCII"},
	{"ws://host/\xC3\xB6", "no channel"},
	{"ws://host//", "no channel"},
	{"ws://host/a//b", "no channel"},
	{"ws://host/a/", "no channel"},
	{"ws://host/.", "no channel"},
	{"ws://host/..", "no channel"},
	{"ws://host/a/../b", "no channel"},
	{"ws://host/./b", "no channel"},
	{"ws://host/a%2Fb", "no channel"},
	{"ws://host/a:b", "no channel"},
	{"ws://host/" SIXTY_FOUR "x", "no channel"},
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct chat_url url = {.port = 7};
		struct chat_err err = {.text = ""};

		is_int(chat_url_parse(&url, bad[i].text, &err), -1, "refused: case %zu", i);
		is_int(err.code, CHAT_USAGE, "as usage");
		if (!ok(strstr(err.text, bad[i].hint), "with a hint of '%s'", bad[i].hint))
			printf("# %s\n", err.text);
		is_int(url.port, 7, "and nothing is written");
	}
	is_int(chat_url_parse(&(struct chat_url){0}, "http://host/", NULL), -1, "err may be NULL");
}

/* Parses a URL with a host or a query of this many letters. */
static bool
long_part_parses(const char *front, size_t len, const char *back)
{
	struct chat_url url;
	char text[2048], letters[1100], out[CHAT_URL_MAX];

	memset(letters, 'a', len);
	letters[len] = '\0';
	snprintf(text, sizeof(text), "%s%s%s", front, letters, back);
	if (chat_url_parse(&url, text, NULL) < 0)
		return false;
	chat_url_format(&url, out, sizeof(out));
	return strcmp(out, text) == 0;
}

static void
test_lengths(void)
{
	struct chat_url url = {.tls = true, .port = 12345};
	char out[CHAT_URL_MAX];

	ok(long_part_parses("ws://", 255, "/"), "a host of 255 bytes");
	ok(!long_part_parses("ws://", 256, "/"), "not of 256");
	ok(long_part_parses("ws://h/?", 1022, ""), "a query of 1,023 bytes");
	ok(!long_part_parses("ws://h/?", 1023, ""), "not of 1,024");
	memset(url.host, 'h', sizeof(url.host) - 1);
	memset(url.channel, 'c', sizeof(url.channel) - 1);
	memset(url.query, 'q', sizeof(url.query) - 1);
	chat_url_format(&url, out, sizeof(out));
	is_int(strlen(out), 6 + 255 + 6 + 65 + 1023, "the longest URL fits CHAT_URL_MAX");
}

static void
test_channels(void)
{
	static const char *const yes[] = {"/", "/a", "/ops", "/a/b/c", "/..a", "/...", "/-", "/~",
		"/_", "/A.Z", "/" SIXTY_FOUR};
	static const struct chat_span no[] = {CHAT_SPAN(""), CHAT_SPAN("a"), CHAT_SPAN("//"),
		CHAT_SPAN("/a/"), CHAT_SPAN("/."), CHAT_SPAN("/.."), CHAT_SPAN("/a/."),
		CHAT_SPAN("/a/.."), CHAT_SPAN("/ "), CHAT_SPAN("/\0"), CHAT_SPAN("/a\0b"),
		CHAT_SPAN("/\xC3\xA9"), CHAT_SPAN("/a?"), CHAT_SPAN("/a%20"), CHAT_SPAN("/a+b"),
		CHAT_SPAN("/" SIXTY_FOUR "x"), CHAT_SPAN("//" SIXTY_FOUR)};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(chat_channel_valid(chat_span_of(yes[i])), "channel %s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!chat_channel_valid(no[i]), "no channel: case %zu", i);
	for (int byte = 1; byte < 256; byte++) {
		char path[2] = {'/', (char)byte};
		bool want = strchr(SIXTY_FOUR "YZ", byte) && byte != '.';

		if (chat_channel_valid((struct chat_span){path, 2}) != want)
			ok(false, "byte %d in a channel", byte);
	}
}

static void
test_set_channel(void)
{
	struct chat_url url;
	struct chat_err err;
	char long_name[4000];

	chat_url_parse(&url, "ws://host/old?x=1", NULL);
	is_int(chat_url_set_channel(&url, "ops", &err), 0, "ops");
	is_str(url.channel, "/ops", "is /ops");
	is_int(chat_url_set_channel(&url, "/ops/night", &err), 0, "/ops/night");
	is_str(url.channel, "/ops/night", "is itself");
	is_str(url.query, "?x=1", "the query stays");
	is_int(chat_url_set_channel(&url, "/", &err), 0, "/");
	is_str(url.channel, "/", "is the main channel");
	is_int(chat_url_set_channel(&url, SIXTY_FOUR, &err), 0, "64 characters");
	is_int(chat_url_set_channel(&url, SIXTY_FOUR "x", &err), -1, "65 characters");
	is_int(chat_url_set_channel(&url, "/" SIXTY_FOUR "x", &err), -1, "65 behind a slash");
	is_str(url.channel, "/" SIXTY_FOUR, "a refusal changes nothing");
	memset(long_name, 'a', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	is_int(chat_url_set_channel(&url, long_name, &err), -1, "4,000 characters");
	is_int(chat_url_set_channel(&url, "", &err), -1, "no name at all");
	is_int(err.code, CHAT_USAGE, "is a usage error");
	is_int(chat_url_set_channel(&url, "ops?x", &err), -1, "a query does not belong there");
	is_int(chat_url_set_channel(&url, "a\r\nb", NULL), -1, "a line break even less");
}

int
main(void)
{
	test_good();
	test_bad();
	test_lengths();
	test_channels();
	test_set_channel();
	return done();
}
