/* Ranges of addresses, and who is behind a proxy. */
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
	"2001:db8::1/64", "localhost", "192.0.2.0/24/24",
	"1111:2222:3333:4444:5555:6666:7777:8888:9999"};

static const struct {
	const char *forwarded_for; /* the headers, '|' between them */
	const char *client; /* NULL: none */
} chains[] = {
	{"203.0.113.9", "203.0.113.9"},
	{" 203.0.113.9\t", "203.0.113.9"},
	{"evil, 203.0.113.9", "203.0.113.9"},
	{"198.51.100.1, 203.0.113.9", "203.0.113.9"},
	{"203.0.113.9, 192.0.2.1", "203.0.113.9"},
	{"203.0.113.9,192.0.2.1,192.0.2.2", "203.0.113.9"},
	{"2001:db8::1", "2001:db8::1"},
	{"192.0.2.1", NULL},
	{"203.0.113.9, evil", NULL},
	{"203.0.113.9,", NULL},
	{"203.0.113.9, , 192.0.2.1", NULL},
	{",", NULL},
	{"", NULL},
	{" ", NULL},
	{"unknown", NULL},
	{"_hidden", NULL},
	{"203.0.113.9, unknown, 192.0.2.1", NULL},
	{"localhost", NULL},

	{"203.0.113.9:4711", "203.0.113.9"},
	{"203.0.113.9:65535, 192.0.2.1:1", "203.0.113.9"},
	{"203.0.113.9:", NULL},
	{"203.0.113.9:123456", NULL},
	{"203.0.113.9:_http", NULL},
	{"203.0.113.9:1:2", NULL},
	{":4711", NULL},
	{"[2001:db8::1]", "2001:db8::1"},
	{"[2001:db8::1]:4711", "2001:db8::1"},
	{"[2001:db8::1]:4711, 192.0.2.1", "2001:db8::1"},
	{"[2001:db8::1", NULL},
	{"2001:db8::1]", NULL},
	{"[2001:db8::1]4711", NULL},
	{"[2001:db8::1]:", NULL},
	{"[203.0.113.9]", NULL},
	{"[]", NULL},
	{"[]:1", NULL},
	{"::ffff:203.0.113.9", "203.0.113.9"},
	{"\"203.0.113.9\"", "203.0.113.9"},
	{"\"203.0.113.9:4711\"", "203.0.113.9"},
	{"\"[2001:db8::1]:4711\"", "2001:db8::1"},
	{"\"203.0.113.9", NULL},
	{"\"\"", NULL},
	{"\"", NULL},
	{"203.0.113.9 evil", NULL},
	{"fe80::1%eth0", NULL},
	{"127.0.0.1", "127.0.0.1"},

	{"203.0.113.9|192.0.2.1", "203.0.113.9"},
	{"198.51.100.1|203.0.113.9", "203.0.113.9"},
	{"198.51.100.1, 203.0.113.9|192.0.2.1, 192.0.2.2|192.0.2.3", "203.0.113.9"},
	{"203.0.113.9|", NULL},
	{"203.0.113.9|evil", NULL},
	{"evil|203.0.113.9", "203.0.113.9"},
	{"|192.0.2.1", NULL},
	{"192.0.2.1|192.0.2.2", NULL},
};

static bool
forwarded(const struct cidrs *proxies, const char *text, struct sockaddr_storage *client)
{
	struct chat_span values[4];
	size_t count = 0;

	for (const char *bar = text; bar; text = bar + 1) {
		bar = strchr(text, '|');
		values[count].len = bar ? (size_t)(bar - text) : strlen(text);
		values[count].at = text;
		count++;
	}
	return cidrs_forwarded(proxies, values, count, client);
}

static void
test_chain(size_t i)
{
	const char *texts[] = {"192.0.2.0/24"};
	struct cidrs proxies;
	struct sockaddr_storage client;
	bool found;

	cidrs_parse(&proxies, &(struct chat_strings){texts, 1}, NULL);
	found = forwarded(&proxies, chains[i].forwarded_for, &client);
	if (found && chains[i].client) {
		struct cidr one;

		cidr_parse(&one, chains[i].client, NULL);
		found = cidr_has(&one, (struct sockaddr *)&client);
		ok(found, "'%s' came from %s", chains[i].forwarded_for, chains[i].client);
	} else {
		ok(!found && !chains[i].client, "'%s' tells of nobody", chains[i].forwarded_for);
	}
	cidrs_free(&proxies);
}

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
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		test_chain(i);
	ok(!cidrs_forwarded(&(struct cidrs){0}, NULL, 0, NULL), "no header tells of nobody");
	return done();
}
