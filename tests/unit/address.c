/* Peers as addresses: who is counted with whom, who is this machine, how they are printed. */
#include "serve/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "tap.h"

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
	struct addresses addresses = {.most = 1};
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
	struct addresses addresses = {.most = 3};
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
	ok(!addresses_enter(&addresses, &here.address), "this machine is not counted");
	ok(!address_is_over(NULL, &addresses) && !address_is_flooding(NULL, &addresses),
		"who is not counted is never too many");
	addresses_leave(&addresses, NULL);
	ok(true, "and leaves without a trace");
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
	return done();
}
