/* --since: what is a time, what is an id, and what is refused. */
#include "listen/since.h"

#include "tap.h"

#define NOW_MS INT64_C(1764190800000) /* 2025-11-26T21:00:00Z */

struct good {
	const char *text;
	int64_t time_ms; /* 0: not timed */
	const char *id;
};

static const struct good goods[] = {
	{"all", 0, "0"},
	{"0", 0, "0"},
	{"01a219c9ec42-000007c8fc", 0, "01a219c9ec42-000007c8fc"},
	{"2025-1126", 0, "2025-1126"},
	{"20251126T210000Z", 0, "20251126T210000Z"},
	{"ALL", 0, "ALL"},
	{"-2h", NOW_MS - 7200000, "0"},
	{"-30m", NOW_MS - 1800000, "0"},
	{"-7d", NOW_MS - 604800000, "0"},
	{"-90s", NOW_MS - 90000, "0"},
	{"-90", NOW_MS - 90000, "0"},
	{"-1.5s", NOW_MS - 1500, "0"},
	{"-100000d", 0, "0"},
	{"2025-11-26T21:00:00Z", NOW_MS, "0"},
	{"2025-11-26t21:00:00z", NOW_MS, "0"},
	{"2025-11-26 21:00:00Z", NOW_MS, "0"},
	{"2025-11-26T22:00:00+01:00", NOW_MS, "0"},
	{"2025-11-26T15:30:00-05:30", NOW_MS, "0"},
	{"2025-11-26T21:00:00.5Z", NOW_MS + 500, "0"},
	{"2025-11-26T21:00:00.123456789Z", NOW_MS + 123, "0"},
	{"2025-11-26T21:00:00.07+00:00", NOW_MS + 70, "0"},
	{"2024-02-29T00:00:00Z", INT64_C(1709164800000), "0"},
	{"2016-12-31T23:59:60Z", INT64_C(1483228800000), "0"},
	{"1970-01-01T00:00:00Z", 0, "0"},
	{"1900-01-01T00:00:00Z", 0, "0"},
};

static const char *const bads[] = {"", "-", "-x", "--", "-2w", "-2h ", "2025-11-26",
	"2025-11-26T21:00:00", "2025-11-26T21:00Z", "2025-11-26T21:00:00+1",
	"2025-11-26T21:00:00+01", "2025-11-26T21:00:00+0100", "2025-11-26T21:00:00+24:00",
	"2025-11-26T21:00:00+01:60", "2025-11-26T21:00:00.Z", "2025-11-26T21:00:00ZZ",
	"2025-11-31T21:00:00Z", "2025-02-29T00:00:00Z", "2025-11-31T23:59:60Z",
	"2025-00-10T00:00:00Z", "2025-13-10T00:00:00Z", "2025-11-00T00:00:00Z",
	"2025-11-26T24:00:00Z", "2025-11-26T21:60:00Z", "2025-11-26T21:00:61Z",
	"2025-11-26T21:00:00Zx"};

int
main(void)
{
	struct since since;
	struct chat_err err;

	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		const struct good *good = &goods[i];

		ok(since_read(&since, good->text, NOW_MS, &err) == 0, "'%s' is read", good->text);
		is_str(since.id, good->id, "'%s': the id", good->text);
		is_int(since.time_ms, good->time_ms, "'%s': the time", good->text);
		ok(since.timed == (good->time_ms != 0), "'%s': timed or not", good->text);
	}
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		ok(since_read(&since, bads[i], NOW_MS, &err) < 0 && err.code == CHAT_USAGE,
			"'%s' is refused", bads[i]);
	return done();
}
