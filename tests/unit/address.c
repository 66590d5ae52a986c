/* Peers as addresses: who is counted with whom, who is this machine, how they are printed. */
#include "serve/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>

#include "slope.h"
#include "tap.h"

/* Of a set, beside its limits. */
#define ONE_LOOP .mutex = PTHREAD_MUTEX_INITIALIZER, .loops = 1

union any {
	struct sockaddr address;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

/* Of its text, port 1234; a path is a unix socket's. */
static union any
parse(const char *text)
{
	union any any = {.storage = {0}};

	if (*text == '/' || !*text) {
		any.un.sun_family = AF_UNIX;
		strcpy(any.un.sun_path, text);
	} else if (strchr(text, ':')) {
		any.in6.sin6_family = AF_INET6;
		any.in6.sin6_port = htons(1234);
		inet_pton(AF_INET6, text, &any.in6.sin6_addr);
	} else {
		any.in.sin_family = AF_INET;
		any.in.sin_port = htons(1234);
		inet_pton(AF_INET, text, &any.in.sin_addr);
	}
	return any;
}

static void
test_text(const char *text, bool local, const char *want)
{
	union any any = parse(text);
	char printed[ADDRESS_TEXT_MAX];

	address_format(&any.address, printed);
	is_str(printed, want, "'%s' is printed", text);
	is_int(address_is_local(&any.address), local, "'%s' is %sthis machine", text,
		local ? "" : "not ");
}

static void
test_same(const char *a, const char *b, bool same)
{
	struct addresses addresses = {ONE_LOOP, .most = 1};
	union any first = parse(a), second = parse(b);
	struct address *one = addresses_enter(&addresses, &first.address);
	struct address *two = addresses_enter(&addresses, &second.address);

	is_int(one == two, same, "%s and %s are %s", a, b, same ? "one" : "two");
	is_int(address_is_over(one, &addresses), same, "and counted so");
	addresses_leave(&addresses, one);
	ok(!address_is_over(two, &addresses), "one of them gone, the other is not too many");
	addresses_leave(&addresses, two);
	ok(!addresses.by_key, "both gone, nothing is left");
}

static void
test_limits(void)
{
	struct addresses addresses = {ONE_LOOP, .most = 3};
	union any peer = parse("192.0.2.1"), other = parse("192.0.2.2"), here = parse("127.0.0.1");
	struct address *address = NULL, *second;
	char got[20] = "";

	for (int i = 0; i < 8; i++) {
		address = addresses_enter(&addresses, &peer.address);
		got[i] = address_is_flooding(address, &addresses) ? 'f'
			: address_is_over(address, &addresses)    ? 'o'
								  : '.';
	}
	is_str(got, "...oooff", "over its limit, flooding at twice that");
	second = addresses_enter(&addresses, &other.address);
	ok(!address_is_over(second, &addresses), "another address is not");
	addresses_leave(&addresses, second);
	for (int i = 0; i < 8; i++)
		addresses_leave(&addresses, address);
	ok(!addresses.by_key, "all gone, nothing is left");
	for (int i = 0; i < 8; i++)
		address = addresses_enter(&addresses, &here.address);
	ok(!address_is_over(address, &addresses) && !address_is_flooding(address, &addresses),
		"this machine is never too many");
	for (int i = 0; i < 8; i++)
		addresses_leave(&addresses, address);
	ok(!addresses.by_key, "and leaves without a trace");
	addresses_leave(&addresses, NULL);
}

static void
test_failures(void)
{
	struct addresses addresses = {ONE_LOOP, .most = 3, .failures_most = 3};
	union any peer = parse("192.0.2.1"), other = parse("192.0.2.2");
	struct address *address = addresses_enter(&addresses, &peer.address);
	char got[10] = "";

	for (int i = 0; i < 5; i++) {
		address_failed(&addresses, address, 1000 + i);
		got[i] = address_is_barred(address, &addresses) ? 'b' : '.';
	}
	is_str(got, "..bbb", "three wrong tokens bar an address");
	addresses_leave(&addresses, address);
	address = addresses_enter(&addresses, &peer.address);
	ok(address_is_barred(address, &addresses), "whether it stays or comes again");
	addresses_leave(&addresses, address);
	address = addresses_enter(&addresses, &other.address);
	ok(!address_is_barred(address, &addresses), "but no other");
	addresses_leave(&addresses, address);
	addresses_sweep(&addresses, 1000 + ADDRESS_FAILURES_MS - 1);
	ok(addresses.by_key != NULL, "for a minute");
	addresses_sweep(&addresses, 1000 + ADDRESS_FAILURES_MS);
	ok(!addresses.by_key && addresses.count == 0, "and then it is forgotten");
}

static void
test_never_barred(const char *text)
{
	struct addresses addresses = {ONE_LOOP, .most = 3, .failures_most = 3};
	union any peer = parse(text);
	struct address *address = addresses_enter(&addresses, &peer.address);

	for (int i = 0; i < 100; i++)
		address_failed(&addresses, address, 1000 + i);
	ok(!address_is_barred(address, &addresses), "'%s' is never barred", text);
	addresses_leave(&addresses, address);
	ok(!addresses.by_key, "and nothing is remembered of it");
}

/* More addresses than are remembered: the first ones are forgotten. */
static void
test_many_failing(void)
{
	struct addresses addresses = {ONE_LOOP, .most = 3, .failures_most = 1};
	struct sockaddr_in peer = {.sin_family = AF_INET};
	struct address *first = NULL, *last = NULL;

	for (unsigned i = 0; i < ADDRESSES_FAILING_MOST + 100; i++) {
		peer.sin_addr.s_addr = htonl(0x0a000000 + i);
		last = addresses_enter(&addresses, (struct sockaddr *)&peer);
		address_failed(&addresses, last, i / 1000);
		if (i == 0)
			first = last;
		else
			addresses_leave(&addresses, last);
	}
	is_int(addresses.failing_count, ADDRESSES_FAILING_MOST, "no more than so many");
	is_int(addresses.count, ADDRESSES_FAILING_MOST + 1, "and who is connected");
	ok(!address_is_barred(first, &addresses), "the first one is forgotten");
	ok(address_is_barred(last, &addresses), "the last one is not");
	ok(addresses_bytes(&addresses) < 20 << 20, "they take %zu bytes",
		addresses_bytes(&addresses));
	addresses_leave(&addresses, first);
	addresses_sweep(&addresses, 1000 + ADDRESS_FAILURES_MS);
	ok(!addresses.by_key && addresses.count == 0, "after a minute all are forgotten");
}

static void
test_name(const char *text, const char *want)
{
	struct addresses addresses = {ONE_LOOP, .most = 1};
	union any peer = parse(text);
	struct address *address = addresses_enter(&addresses, &peer.address);
	char name[ADDRESS_NAME_MAX];

	address_name(address, name);
	is_str(name, want, "what '%s' counts as", text);
	addresses_leave(&addresses, address);
}

static void
test_kinds(void)
{
	static const char *const proxies[] = {"192.0.2.0/24", "127.0.0.9"};
	static const struct {
		const char *address;
		enum address_kind kind;
	} table[] = {
		{"198.51.100.1", ADDRESS_REMOTE},
		{"2001:db8::1", ADDRESS_REMOTE},
		{"127.0.0.1", ADDRESS_LOOPBACK},
		{"::1", ADDRESS_LOOPBACK},
		{"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
		{"/run/chat", ADDRESS_UNIX},
		{"192.0.2.77", ADDRESS_PROXY},
		{"::ffff:192.0.2.77", ADDRESS_PROXY},
		{"127.0.0.9", ADDRESS_PROXY},
	};
	struct addresses addresses = {ONE_LOOP, .most = 1};
	struct chat_strings texts = {0};

	for (size_t i = 0; i < sizeof(proxies) / sizeof(*proxies); i++)
		chat_strings_add(&texts, proxies[i]);
	is_int(cidrs_parse(&addresses.proxies, &texts, NULL), 0, "two proxies");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		union any peer = parse(table[i].address);
		struct address *address = addresses_enter(&addresses, &peer.address);

		is_int(address_kind(address), table[i].kind, "the kind of %s", table[i].address);
		addresses_leave(&addresses, address);
	}
	chat_strings_free(&texts);
	addresses_free(&addresses);
}

/* So many addresses are connected and has one wrong token each; the sweep goes on at each of them.
 */
static double
work_sweep(unsigned count)
{
	struct addresses addresses = {ONE_LOOP, .most = 1, .failures_most = 2};
	struct sockaddr_in peer = {.sin_family = AF_INET};
	double begun = cpu_s();

	for (unsigned i = 0; i < count; i++) {
		peer.sin_addr.s_addr = htonl(0x0a000000 + i);
		address_failed(
			&addresses, addresses_enter(&addresses, (struct sockaddr *)&peer), i);
		addresses_sweep(&addresses, i);
	}
	addresses_sweep(&addresses, count + ADDRESS_FAILURES_MS);
	begun = cpu_s() - begun;
	if (addresses.failing)
		abort();
	addresses_free(&addresses);
	return begun;
}

/* Each peer behind a proxy is limited; the proxy itself is not. */
static void
test_behind(void)
{
	struct addresses addresses = {ONE_LOOP, .most = 2};
	struct chat_strings texts = {0};
	union any proxy = parse("127.0.0.9"), client = parse("203.0.113.1"),
		  here = parse("127.0.0.1");
	const struct sockaddr *behind[] = {&client.address, &here.address, NULL};
	struct address *moved[3][3];
	char name[ADDRESS_NAME_MAX];

	chat_strings_add(&texts, "127.0.0.9");
	cidrs_parse(&addresses.proxies, &texts, NULL);
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < 3; n++) {
			struct address *address = addresses_enter(&addresses, &proxy.address);

			ok(!address_is_over(address, &addresses), "the proxy may come again");
			moved[i][n] = addresses_move(&addresses, address, behind[i]);
			is_int(address_kind(moved[i][n]), ADDRESS_REMOTE,
				"who is behind is remote");
			is_int(address_is_over(moved[i][n], &addresses), n == 2, "and counted");
		}
	address_name(moved[1][0], name);
	is_str(name, "127.0.0.1", "this machine behind a proxy is this machine");
	address_name(moved[2][0], name);
	is_str(name, "127.0.0.9", "nobody behind a proxy is the proxy");
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < 3; n++)
			addresses_leave(&addresses, moved[i][n]);
	ok(!addresses.by_key, "all gone, nothing is left");
	chat_strings_free(&texts);
	addresses_free(&addresses);
}

/* A TCP proxy is not limited; its clients are, and one of them may be a proxy for HTTP. */
static void
test_behind_tcp(void)
{
	struct addresses addresses = {ONE_LOOP, .most = 0};
	struct chat_strings http = {0}, tcp = {0};
	union any proxy = parse("192.0.2.1"),
		  clients[] = {parse("203.0.113.1"), parse("198.51.100.1"), parse("192.0.2.1")};
	static const enum address_kind kinds[] = {ADDRESS_REMOTE, ADDRESS_PROXY, ADDRESS_REMOTE};
	struct address *address;

	chat_strings_add(&http, "198.51.100.1");
	chat_strings_add(&tcp, "192.0.2.0/24");
	cidrs_parse(&addresses.proxies, &http, NULL);
	cidrs_parse(&addresses.tcp_proxies, &tcp, NULL);
	for (size_t i = 0; i < 3; i++) {
		address = addresses_enter(&addresses, &proxy.address);
		is_int(address_kind(address), ADDRESS_TCP_PROXY, "a TCP proxy");
		ok(!address_is_flooding(address, &addresses), "has no limit of its own");
		address = addresses_move(&addresses, address, &clients[i].address);
		is_int(address_kind(address), kinds[i], "the kind of client %zu", i);
		is_int(address_is_over(address, &addresses), kinds[i] == ADDRESS_REMOTE,
			"and its limit");
		addresses_leave(&addresses, address);
	}
	address = addresses_move(&addresses, addresses_enter(&addresses, &proxy.address), NULL);
	is_int(address_kind(address), ADDRESS_REMOTE, "one that speaks for itself is limited");
	addresses_leave(&addresses, address);
	ok(!addresses.by_key, "all gone, nothing is left");
	chat_strings_free(&http);
	chat_strings_free(&tcp);
	addresses_free(&addresses);
}

/* A proxy that connects to a unix socket, and its clients. */
static void
test_unix_proxy(bool tcp)
{
	struct addresses addresses = {ONE_LOOP, .most = 1};
	struct chat_strings texts = {0};
	union any proxy = parse("/run/chat"), client = parse("203.0.113.1"), any = parse("::");
	const struct sockaddr *behind[] = {&client.address, NULL, &any.address};
	static const char *const names[] = {"203.0.113.1", "unix", "::/64"};
	struct address *moved[3];
	char name[ADDRESS_NAME_MAX];

	chat_strings_add(&texts, "unix");
	cidrs_parse(tcp ? &addresses.tcp_proxies : &addresses.proxies, &texts, NULL);
	for (size_t i = 0; i < 3; i++) {
		struct address *address = addresses_enter(&addresses, &proxy.address);

		is_int(address_kind(address), tcp ? ADDRESS_TCP_PROXY : ADDRESS_PROXY,
			"a unix socket of a proxy");
		moved[i] = addresses_move(&addresses, address, behind[i]);
		is_int(address_kind(moved[i]), ADDRESS_REMOTE, "who comes through it is remote");
		ok(!address_is_over(moved[i], &addresses), "and counts for itself");
		address_name(moved[i], name);
		is_str(name, names[i], "as %s", names[i]);
	}
	for (size_t i = 0; i < 3; i++)
		addresses_leave(&addresses, moved[i]);
	chat_strings_free(&texts);
	addresses_free(&addresses);
}

int
main(void)
{
	test_text("192.0.2.1", false, "192.0.2.1:1234");
	test_text("127.0.0.1", true, "127.0.0.1:1234");
	test_text("127.255.0.9", true, "127.255.0.9:1234");
	test_text("128.0.0.1", false, "128.0.0.1:1234");
	test_text("0.0.0.0", false, "0.0.0.0:1234");
	test_text("::1", true, "[::1]:1234");
	test_text("::2", false, "[::2]:1234");
	test_text("::", false, "[::]:1234");
	test_text("2001:db8::1", false, "[2001:db8::1]:1234");
	test_text("::ffff:192.0.2.1", false, "192.0.2.1:1234");
	test_text("::ffff:127.0.0.1", true, "127.0.0.1:1234");
	test_text("/run/chat", true, "unix:/run/chat");
	test_text("", true, "unix:");
	test_same("192.0.2.1", "192.0.2.1", true);
	test_same("192.0.2.1", "192.0.2.2", false);
	test_same("192.0.2.1", "::ffff:192.0.2.1", true);
	test_same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true);
	test_same("2001:db8:1:2::1", "2001:db8:1:3::1", false);
	test_limits();
	test_name("192.0.2.1", "192.0.2.1");
	test_name("::ffff:192.0.2.1", "192.0.2.1");
	test_name("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
	test_name("::1", "::/64");
	test_name("/run/chat", "unix");
	test_failures();
	test_never_barred("127.0.0.1");
	test_never_barred("::1");
	test_never_barred("/run/chat");
	test_many_failing();
	test_kinds();
	is_linear(work_sweep, 10000, "a sweep does not walk 100,000 addresses");
	test_behind();
	test_behind_tcp();
	test_unix_proxy(true);
	test_unix_proxy(false);
	return done();
}
