/* Numbers with units: exact, both sides of every limit, and what is refused. */
#include "command/units.h"

#include <stdlib.h>

#include "tap.h"

typedef int units_read(int64_t *value, const char *text, struct chat_err *err);

struct good {
	const char *text;
	int64_t value;
};

struct bad {
	const char *text, *hint;
};

static const struct good durations[] = {{"0", 0}, {"0ms", 0}, {"0d", 0}, {"1ms", 1}, {"500ms", 500},
	{"1", 1000}, {"10", 10000}, {"10s", 10000}, {"5m", 300000}, {"2h", 7200000},
	{"7d", 604800000}, {"007s", 7000}, {"1.5s", 1500}, {"1.5", 1500}, {"0.001s", 1},
	{"0.001", 1}, {"1.001s", 1001}, {"0.1s", 100}, {"0.29s", 290}, {"1.005s", 1005},
	{"4.35s", 4350}, {"2.0ms", 2}, {"1.50000000000000000000000000000000s", 1500},
	{"0.5m", 30000}, {"0.3333m", 19998}, {"0.25h", 900000}, {"0.0009765625d", 84375},
	{"9223372036854775807ms", INT64_MAX}, {"9223372036854775.807s", INT64_MAX},
	{"106751991167d", INT64_C(9223372036828800000)}};

static const char not_duration[] = "not a duration";

static const struct bad bad_durations[] = {{"", not_duration}, {" ", not_duration},
	{"s", not_duration}, {"ms", not_duration}, {".", not_duration}, {".5s", not_duration},
	{"1.s", not_duration}, {"1.", not_duration}, {"1..5s", not_duration},
	{"1.5.5s", not_duration}, {"-1s", not_duration}, {"-0", not_duration},
	{"+1s", not_duration}, {" 1s", not_duration}, {"1 s", not_duration}, {"1s ", not_duration},
	{"1S", not_duration}, {"1M", not_duration}, {"1sec", not_duration}, {"1s5ms", not_duration},
	{"1,5s", not_duration}, {"0x10s", not_duration}, {"1e3s", not_duration},
	{"inf", not_duration}, {"nan", not_duration}, {"1us", not_duration},
	{"\xD9\xA1s", not_duration}, {"0.0001s", "finer"}, {"1.0005s", "finer"}, {"0.5ms", "finer"},
	{"0.33333m", "finer"}, {"0.00048828125d", "finer"}, {"1.12345678901d", "finer"},
	{"9223372036854775808ms", "too large"}, {"9223372036854775.808s", "too large"},
	{"9223372036854776s", "too large"}, {"106751991168d", "too large"},
	{"18446744073709551615ms", "too large"}, {"18446744073709551616ms", "too large"},
	{"18446744073709551617ms", "too large"}, {"99999999999999999999999999d", "too large"}};

static const struct good sizes[] = {{"0", 0}, {"1", 1}, {"4096", 4096}, {"64k", 65536},
	{"64K", 65536}, {"8m", 8388608}, {"8M", 8388608}, {"1g", 1073741824}, {"1G", 1073741824},
	{"1.5k", 1536}, {"0.5M", 524288}, {"0.0009765625k", 1}, {"2.0", 2},
	{"9223372036854775807", INT64_MAX}, {"8589934591G", INT64_C(9223372035781033984)},
	{"8589934591.9990234375G", INT64_C(9223372036853727232)}};

static const char not_size[] = "not a size";

static const struct bad bad_sizes[] = {{"", not_size}, {"k", not_size}, {"-1", not_size},
	{"+1", not_size}, {"1kk", not_size}, {"1kB", not_size}, {"1KiB", not_size},
	{"1T", not_size}, {"1 k", not_size}, {"64s", not_size}, {"1.", not_size}, {".5k", not_size},
	{"0.5", "whole number"}, {"1.1k", "whole number"}, {"0.0001k", "whole number"},
	{"9223372036854775808", "too large"}, {"8589934592G", "too large"},
	{"17179869184G", "too large"}, {"18446744073709551616k", "too large"}};

static const struct good integers[] = {{"0", 0}, {"-0", 0}, {"7", 7}, {"-7", -7}, {"0010", 10},
	{"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};

static const struct bad bad_integers[] = {{"", "not a number"}, {"-", "not a number"},
	{"--1", "not a number"}, {"+1", "not a number"}, {" 1", "not a number"},
	{"1 ", "not a number"}, {"0x1", "not a number"}, {"1.0", "not a number"},
	{"1e3", "not a number"}, {"1k", "not a number"}, {"9223372036854775808", "too large"},
	{"-9223372036854775809", "too small"}};

static void
test_good(units_read *read, const struct good *good, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = -7;

		is_int(read(&value, good[i].text, NULL), 0, "%s '%s'", name, good[i].text);
		is_int(value, good[i].value, "is exact");
	}
}

static void
test_bad(units_read *read, const struct bad *bad, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		struct chat_err err = {.text = ""};
		int64_t value;

		is_int(read(&value, bad[i].text, &err), -1, "no %s '%s'", name, bad[i].text);
		is_int(err.code, CHAT_USAGE, "as usage");
		if (!ok(strstr(err.text, bad[i].hint), "because %s", bad[i].hint))
			printf("# %s\n", err.text);
	}
}

/* A value that is written in its largest whole unit reads as the same value. */
static void
test_written(
	void (*write)(struct chat_buf *out, int64_t value), const struct good *good, size_t count)
{
	struct chat_buf out = {0};

	for (size_t i = 0; i < count; i++) {
		out.len = 0;
		write(&out, good[i].value);
		chat_buf_append(&out, "", 1);
		is_str(out.at, good[i].text, "%lld is written", (long long)good[i].value);
	}
	chat_buf_free(&out);
}

static const struct good written_durations[] = {{"0", 0}, {"1ms", 1}, {"999ms", 999}, {"1s", 1000},
	{"1500ms", 1500}, {"90s", 90000}, {"5m", 300000}, {"1h", 3600000},
	{"36500d", 3153600000000}, {"9223372036854775807ms", INT64_MAX}};

static const struct good written_sizes[] = {{"0", 0}, {"1", 1}, {"1023", 1023}, {"1k", 1024},
	{"1025", 1025}, {"256k", 262144}, {"1M", 1048576}, {"1536k", 1572864}, {"64G", 68719476736},
	{"9223372036854775807", INT64_MAX}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
main(void)
{
	test_good(chat_duration_read, durations, COUNT(durations), "duration");
	test_bad(chat_duration_read, bad_durations, COUNT(bad_durations), "duration");
	test_good(chat_size_read, sizes, COUNT(sizes), "size");
	test_bad(chat_size_read, bad_sizes, COUNT(bad_sizes), "size");
	test_good(chat_integer_read, integers, COUNT(integers), "integer");
	test_bad(chat_integer_read, bad_integers, COUNT(bad_integers), "integer");
	test_written(chat_duration_write, written_durations, COUNT(written_durations));
	test_written(chat_size_write, written_sizes, COUNT(written_sizes));
	return done();
}
