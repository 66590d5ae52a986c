/* The table of the options of chat-serve that plans draw from. */
#include "simulation/walls.h"

#include <stdio.h>
#include <string.h>

#include "simulation/plan.h"

/* The nature of an option, as bits. */
enum nature {
	FREE = 0,
	JOURNAL = 1, /* it needs one; what is not in memory is read from it */
	REMOVES = 2, /* it takes messages out of the journal */
	TIGHT = 4, /* adversaries can take all of it */
	LIGHT = 8, /* it is not for long texts in great numbers */
};

#define VALUES_MOST 4

struct option {
	const char *name;
	unsigned one_in; /* it is given in so many plans: one in one_in */
	unsigned nature;
	const char *values[VALUES_MOST]; /* "": it has no value */
};

/* Values of --listen: of IPv4 alone, of this machine alone. */
#define LISTEN_IPV4 1
#define LISTEN_EVERYWHERE 3

static const struct option table[] = {
	[WALL_LISTEN] = {"--listen", 1, FREE,
		{"127.0.0.1:3001", "localhost:3001", ":3001", "0.0.0.0:3001"}},
	[WALL_LISTEN_IPV6] = {"--listen", 3, FREE, {"[::1]:3001"}},
	[WALL_LISTEN_ANY] = {"--listen", 8, FREE, {"localhost:0", "127.0.0.1:0"}},
	[WALL_LISTEN_UNIX] = {"--listen", 4, FREE, {"unix:/chat"}},
	[WALL_METRICS] = {"--metrics", 3, FREE, {"127.0.0.1:3002", "[::1]:3002", "unix:/metrics"}},
	[WALL_TOKENS] = {"--tokens", 3, FREE, {"/tokens"}},
	[WALL_OPEN] = {"--open", 8, FREE, {""}},
	[WALL_PROXIES] = {"--trust-proxy", 3, FREE, {"127.0.0.200", "127.0.0.192/26"}},
	[WALL_MAX_MESSAGE] = {"--max-message", 4, FREE, {"256k"}},
	[WALL_UNSYNCED_TOTAL] = {"--unsynced-total", 2, FREE, {"1m"}},
	[WALL_CROWD] = {"--crowd", 8, FREE, {"1", "3"}},
	[WALL_RECEIVE_TOTAL] = {"--receive-total", 5, TIGHT, {"1m"}},
	[WALL_QUEUE_TOTAL] = {"--queue-total", 4, TIGHT, {"1m"}},
	[WALL_JOURNAL_MAX_BYTES] = {"--journal-max-bytes", 8, JOURNAL | REMOVES,
		{"16k", "64k", "256k"}},
	{"--trust-proxy", 3, FREE, {"10.99.0.0/16", "2001:db8:99::/48", "2001:db8:80::/41"}},
	{"--origin", 4, FREE, {"https://chat.example", "null", "http://chat.example:8080"}},
	{"--host", 4, FREE, {"chat.example"}},
	{"--verbose", 2, FREE, {""}},
	{"--stdin", 6, FREE, {""}},
	{"--url-file", 8, FREE, {"/url"}},
	{"--disk-timeout", 6, JOURNAL, {"500ms", "3s"}},
	{"--max-failures", 4, FREE, {"1", "3"}},
	{"--max-errors", 4, FREE, {"1", "3"}},
	{"--max-init", 6, FREE, {"256", "1k"}},
	{"--max-fragments", 6, FREE, {"1", "3"}},
	{"--max-per-address", 4, FREE, {"10", "20"}},
	{"--rate", 4, LIGHT, {"20", "200"}},
	{"--burst", 4, FREE, {"1", "20"}},
	{"--rate-bytes", 4, LIGHT, {"20k", "200k"}},
	{"--rate-join", 4, TIGHT, {"2", "20"}},
	{"--max-connections", 4, TIGHT, {"12", "20", "40"}},
	{"--max-channels", 4, JOURNAL | TIGHT, {"2", "4"}},
	{"--max-members", 6, TIGHT, {"10"}},
	{"--head-timeout", 4, FREE, {"5s", "1s"}},
	{"--close-timeout", 4, FREE, {"1s", "100ms"}},
	{"--progress-timeout", 4, FREE, {"5s", "1s"}},
	{"--ping-interval", 4, FREE, {"5s", "1s"}},
	{"--ping-timeout", 4, FREE, {"5s", "1s"}},
	{"--grace", 4, FREE, {"0", "5s"}},
	{"--history-bytes", 4, FREE, {"1k", "8k"}},
	{"--history-keep", 4, JOURNAL, {"0", "3", "50"}},
	{"--history-memory", 4, JOURNAL, {"0", "10k"}},
	{"--journal-max-age", 8, JOURNAL | REMOVES, {"1s", "10s"}},
	{"--journal-max-messages", 8, JOURNAL | REMOVES, {"100", "300"}},
};

#define COUNT (sizeof(table) / sizeof(*table))

_Static_assert(COUNT <= WALLS_MOST, "each has its place");

bool
walls_have(const struct walls *walls, enum wall wall)
{
	return walls->given[wall] != 0;
}

bool
walls_are_open(const struct walls *walls)
{
	return walls->given[WALL_LISTEN] >= LISTEN_EVERYWHERE;
}

static bool
any_is(const struct walls *walls, enum nature nature)
{
	for (size_t i = 0; i < COUNT; i++)
		if (walls->given[i] && (table[i].nature & nature))
			return true;
	return false;
}

bool
walls_have_ipv6(const struct walls *walls)
{
	return walls->given[WALL_LISTEN] != LISTEN_IPV4 || walls->given[WALL_LISTEN_IPV6];
}

bool
walls_are_tight(const struct walls *walls)
{
	return any_is(walls, TIGHT);
}

bool
walls_have_rates(const struct walls *walls)
{
	return walls->remote || walls_have(walls, WALL_TOKENS) || any_is(walls, LIGHT);
}

bool
walls_remove(const struct walls *walls)
{
	return any_is(walls, REMOVES);
}

size_t
walls_count(void)
{
	return COUNT;
}

static bool
may_be(const struct plan *plan, unsigned nature)
{
	return (plan->has_journal || !(nature & JOURNAL)) && (!plan->heavy || !(nature & LIGHT));
}

static size_t
count_values(const struct option *option)
{
	size_t count = 0;

	while (count < VALUES_MOST && option->values[count])
		count++;
	return count;
}

/* Makes options fit together: who listens to other machines has tokens or is open. */
static void
reconcile(struct plan *plan, struct chance *chance)
{
	struct walls *walls = &plan->walls;

	if (chance_below(chance, 4) == 0) /* the server chooses where it listens */
		walls->given[WALL_LISTEN] = walls->given[WALL_LISTEN_UNIX] =
			walls->given[WALL_LISTEN_ANY] = 0;
	if (walls->given[WALL_LISTEN] != LISTEN_IPV4)
		walls->given[WALL_LISTEN_IPV6] = 0;
	if (walls_are_open(walls) && !walls->given[WALL_TOKENS])
		walls->given[WALL_OPEN] = 1;
	if (walls->given[WALL_RECEIVE_TOTAL])
		walls->given[WALL_MAX_MESSAGE] = 1;
	if (walls->given[WALL_MAX_MESSAGE] && plan->queue_kib < 256)
		plan->queue_kib = 256;
	if (walls->given[WALL_QUEUE_TOTAL])
		plan->queue_kib = 4096;
	walls->remote = walls_are_open(walls) && chance_below(chance, 2);
	walls->floods = walls->given[WALL_QUEUE_TOTAL] && !plan->has_tls &&
		!walls->given[WALL_TOKENS] && chance_below(chance, 2);
	if (walls->floods && !plan->adversaries)
		plan->adversaries = 1;
	if (walls->floods && chance_below(chance, 2)) /* then honest ones hold something, too */
		plan->faults.socket_bytes = 4096 + chance_below(chance, 8192);
	plan->faults.has_ring = chance_below(chance, 2);
	plan->faults.ring_error = chance_below(chance, 3) ? 0 : (unsigned)chance_scale(chance, 100);
	plan->faults.accept_error =
		chance_below(chance, 4) ? 0 : (unsigned)chance_scale(chance, 200);
}

void
walls_draw(struct plan *plan, struct chance *chance)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct option *option = &table[i];
		size_t value = 1 + chance_below(chance, count_values(option));
		bool given = chance_below(chance, option->one_in) == 0;

		if (given && may_be(plan, option->nature))
			plan->walls.given[i] = (unsigned char)value;
	}
	reconcile(plan, chance);
}

size_t
walls_arguments(const struct walls *walls, const char *argv[], size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT && n + 2 <= most; i++) {
		const char *value = walls->given[i] ? table[i].values[walls->given[i] - 1] : NULL;

		if (!value)
			continue;
		argv[n++] = table[i].name;
		if (*value)
			argv[n++] = value;
	}
	return n;
}

void
walls_print(const struct walls *walls)
{
	const char *argv[2 * WALLS_MOST];
	size_t count = walls_arguments(walls, argv, 2 * WALLS_MOST);

	for (size_t i = 0; i < count; i++)
		printf("%s%s%s", i ? " " : "walls: ", argv[i], i + 1 == count ? "\n" : "");
	if (walls->remote)
		puts("  honest ones come from other machines");
	if (walls->floods)
		puts("  an adversary says as much as it can");
}
