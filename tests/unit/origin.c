/* Which pages may connect: a table of origins, hosts and verdicts. */
#include "serve/session/origin.h"

#include "tap.h"

static const struct {
	const char *origin, *host;
	bool allowed;
} table[] = {
	{"", "chat.example", true},
	{"http://chat.example", "chat.example", true},
	{"http://chat.example:80", "chat.example", true},
	{"http://chat.example", "chat.example:80", true},
	{"http://CHAT.example", "chat.EXAMPLE", true},
	{"https://chat.example", "chat.example", true},
	{"https://chat.example", "chat.example:443", true},
	{"https://chat.example:8443", "chat.example:8443", true},
	{"http://rebound.example:3001", "rebound.example:3001", false},
	{"http://rebound.example", "rebound.example", false},
	{"https://chat.example.evil", "chat.example.evil", false},
	{"http://intranet", "intranet", false},
	{"http://127.0.0.1.evil", "127.0.0.1.evil", false},
	{"http://chat.example:8080", "chat.example:3001", false},
	{"http://chat.example", "chat.example:3001", false},
	{"https://chat.example", "chat.example:80", false},
	{"http://other.example", "chat.example", false},
	{"http://chat.example.evil", "chat.example", false},
	{"http://evil-chat.example", "chat.example", false},
	{"http://chat.example", "", false},
	{"http://[2001:db8::1]:3001", "[2001:db8::1]:3001", true},
	{"http://[2001:db8::1]:3001", "[2001:db8::2]:3001", false},
	{"http://192.0.2.1:3001", "192.0.2.1:3001", true},
	{"http://192.0.2.1", "192.0.2.1:3001", false},
	{"http://192.0.2.1", "192.0.2.2", false},
	{"http://192.0.2.256", "192.0.2.256", false},
	{"http://[2001:db8::1", "[2001:db8::1", false},
	{"http://[2001:db8::1]x", "[2001:db8::1]x", false},

	{"http://localhost:8000", "localhost:3001", true},
	{"http://localhost", "127.0.0.1:3001", true},
	{"http://127.0.0.1:8000", "[::1]:3001", true},
	{"https://LocalHost", "127.1.2.3", true},
	{"http://[::1]:1", "localhost", true},
	{"http://localhost", "chat.example", false},
	{"http://chat.example", "localhost:3001", false},
	{"http://localhost.evil", "localhost", false},
	{"http://127.0.0.1.evil", "127.0.0.1", false},
	{"http://127.evil", "localhost", false},
	{"http://128.0.0.1", "127.0.0.1", false},
	{"http://127", "localhost", false},
	{"http://[::2]", "[::1]", false},

	{"null", "localhost", false},
	{"file://", "localhost", false},
	{"http://", "localhost", false},
	{"http:", "localhost", false},
	{"ftp://localhost", "localhost", false},
	{"chrome-extension://abc", "localhost", false},
	{"localhost", "localhost", false},

	{"https://friend.example", "localhost", true},
	{"HTTPS://FRIEND.example", "localhost", true},
	{"https://friend.example/", "localhost", false},
	{"https://friend.example:443", "localhost", false},
	{"http://friend.example", "localhost", false},
	{"app://desktop", "chat.example", true},

	{"http://chat.example:3001", "user@chat.example:3001", false},
	{"http://user@chat.example", "chat.example", false},
	{"http://chat.example:", "chat.example", false},
	{"http://chat.example:080", "chat.example", false},
	{"http://chat.example:65536", "chat.example:65536", false},
	{"http://chat.example:3001:3001", "chat.example:3001", false},
	{"http://chat.example/", "chat.example", false},
	{"http://127.0.0.1.", "localhost", false},
	{"http://127.1", "localhost", false},
	{"http://127...1", "localhost", false},
	{"http://app.localhost:5173", "localhost:3001", true},
	{"http://notlocalhost", "localhost", false},
};

/* The names of this machine that a client on it may use. */
static const struct {
	const char *host;
	bool allowed;
} hosts[] = {
	{"localhost", true},
	{"LOCALHOST:3001", true},
	{"chat.localhost:3001", true},
	{"127.0.0.1:3001", true},
	{"127.255.255.254", true},
	{"[::1]", true},
	{"[::1]:3001", true},
	{"[0:0:0:0:0:0:0:1]:3001", true},
	{"proxied.example:443", true},
	{"PROXIED.example", true},
	{"", false},
	{":3001", false},
	{"::1", false},
	{"[::1", false},
	{"[::1]3001", false},
	{"[::2]:3001", false},
	{"evil.example:3001", false},
	{"localhost.evil.example", false},
	{"evillocalhost", false},
	{".localhost", false},
	{"127.0.0.1.evil.example", false},
	{"127.evil", false},
	{"127.0.0", false},
	{"0x7f.0.0.1", false},
	{"192.168.0.1:3001", false},
	{"0.0.0.0:3001", false},
	{"not-proxied.example", false},
	{"user@localhost", false},
	{"localhost:0x1", false},
	{"localhost:", false},
	{"localhost:99999", false},
};

int
main(void)
{
	const char *friends[] = {"https://friend.example", "app://desktop"};
	struct chat_strings listed = {0}, own = {0};
	struct origin_names names = {&listed, &own, NULL};

	for (size_t i = 0; i < 2; i++)
		chat_strings_add(&listed, friends[i]);
	chat_strings_add(&own, "other-name.example");
	chat_strings_add(&own, "chat.example");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		ok(origin_allowed(chat_span_of(table[i].origin), chat_span_of(table[i].host),
			   &names) == table[i].allowed,
			"'%s' at '%s': %s", table[i].origin, table[i].host,
			table[i].allowed ? "may" : "may not");
	chat_strings_add(&own, "proxied.example");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		ok(host_allowed(chat_span_of(hosts[i].host), &names) == hosts[i].allowed,
			"host '%s': %s", hosts[i].host, hosts[i].allowed ? "may" : "may not");
	chat_strings_free(&listed);
	chat_strings_free(&own);
	return done();
}
