/* X-Forwarded-For: which client trusted proxies report, in every form of an address. */
#include "serve/net/forwarded.h"

#include "tap.h"

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
	return forwarded_find_client(proxies, values, count, client);
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
	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		test_chain(i);
	ok(!forwarded_find_client(&(struct cidrs){0}, NULL, 0, NULL), "no header tells of nobody");
	return done();
}
