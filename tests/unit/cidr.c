/* Ranges of addresses: which texts are one, and which addresses are in them. */
#include "serve/net/cidr.h"

#include <arpa/inet.h>

#include "tap.h"

static struct sockaddr_storage
address_of(const char *text)
{
	struct sockaddr_storage address = {.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (address.ss_family == AF_INET)
		inet_pton(AF_INET, text, &((struct sockaddr_in *)&address)->sin_addr);
	else
		inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&address)->sin6_addr);
	return address;
}

static const struct {
	const char *cidr, *address;
	bool has;
} table[] = {
	{"192.0.2.0/24", "192.0.2.0", true},
	{"192.0.2.0/24", "192.0.2.255", true},
	{"192.0.2.0/24", "192.0.3.0", false},
	{"192.0.2.0/24", "::ffff:192.0.2.9", true},
	{"192.0.2.4/30", "192.0.2.7", true},
	{"192.0.2.4/30", "192.0.2.8", false},
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.2", false},
	{"192.0.2.1/32", "192.0.2.1", true},
	{"0.0.0.0/0", "203.0.113.9", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"::/0", "2001:db8::1", true},
	{"::/0", "203.0.113.9", true},
	{"::ffff:192.0.2.0/120", "192.0.2.9", true},
	{"2001:db8::/32", "2001:db8:ffff::1", true},
	{"2001:db8::/32", "2001:db9::1", false},
	{"2001:db8::1", "2001:db8::1", true},
	{"2001:db8::1/128", "2001:db8::2", false},
	{"fe80::/10", "febf::1", true},
	{"fe80::/10", "fec0::1", false},
};

static const char *const wrong[] = {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.1/24",
	"192.0.2/24", "192.0.2.0/-1", "192.0.2.0/ 4", "192.0.2.0/2x", "2001:db8::/129",
	"2001:db8::1/64", "localhost", "192.0.2.0/24/24", "unix/0", "unix:", "unix:/run/chat",
	"1111:2222:3333:4444:5555:6666:7777:8888:9999"};

int
main(void)
{
	struct sockaddr unix_socket = {.sa_family = AF_UNIX};
	struct cidr cidr;
	struct chat_err err;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sockaddr_storage address = address_of(table[i].address);

		is_int(cidr_parse(&cidr, table[i].cidr, &err), 0, "%s is a network", table[i].cidr);
		is_int(cidr_has(&cidr, (struct sockaddr *)&address), table[i].has, "%s in %s",
			table[i].address, table[i].cidr);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		err.code = CHAT_OK;
		is_int(cidr_parse(&cidr, wrong[i], &err), -1, "'%s' is none", wrong[i]);
		is_int(err.code, CHAT_USAGE, "and that is said");
	}
	cidr_parse(&cidr, "::/0", &err);
	ok(!cidr_has(&cidr, &unix_socket), "a unix socket is in no network");
	is_int(cidr_parse(&cidr, "unix", &err), 0, "'unix' is a range");
	ok(cidr_has(&cidr, &unix_socket), "of all unix sockets");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct sockaddr_storage address = address_of(table[i].address);

		ok(!cidr_has(&cidr, (struct sockaddr *)&address), "and not of %s",
			table[i].address);
	}
	return done();
}
