/*
 * Numbers as people write them on command lines, with units. Decided on their digits, so that what
 * is accepted means exactly what stands there.
 */
#include "command/measure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A number in front of a unit: of 12.050 whole is 12, digits 5, scale 100. */
struct decimal {
	uint64_t whole; /* saturated */
	uint64_t digits, scale;
	bool too_fine; /* more decimals than DECIMALS_MAX */
};

/* With more decimals than these no duration is whole; with these digits * factor fits. */
#define DECIMALS_MAX 10

struct unit {
	const char *name;
	uint64_t factor;
};

struct measure {
	struct unit units[8];
	const char *not_one, *too_fine; /* sentences */
};

static const struct measure duration = {
	{{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}},
	"not a duration such as 500ms, 10s, 5m, 2h or 7d", "finer than a millisecond"};

static const struct measure size = {{{"", 1}, {"k", 1 << 10}, {"K", 1 << 10}, {"m", 1 << 20},
					    {"M", 1 << 20}, {"g", 1 << 30}, {"G", 1 << 30}},
	"not a size such as 4096, 64k, 8M or 1G", "not a whole number of bytes"};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a run of digits, which may be empty; returns what follows. */
static const char *
read_digits(uint64_t *number, const char *text, const char *end)
{
	*number = 0;
	for (; text != end && is_digit(*text); text++)
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, (uint64_t)(*text - '0'), number))
			*number = UINT64_MAX;
	return text;
}

/* Reads digits[.digits]; returns what follows, or NULL when that is not what comes. */
static const char *
read_decimal(struct decimal *decimal, const char *text)
{
	const char *rest = read_digits(&decimal->whole, text, NULL), *point = rest, *last;

	decimal->digits = 0;
	decimal->scale = 1;
	decimal->too_fine = false;
	if (rest == text || *point != '.')
		return rest == text ? NULL : rest;
	rest = point + 1 + strspn(point + 1, "0123456789");
	for (last = rest; last[-1] == '0';)
		last--;
	decimal->too_fine = last - point - 1 > DECIMALS_MAX;
	if (decimal->too_fine)
		return rest;
	read_digits(&decimal->digits, point + 1, last);
	for (const char *at = point + 1; at < last; at++)
		decimal->scale *= 10;
	return rest == point + 1 ? NULL : rest;
}

static const struct unit *
find_unit(const struct measure *measure, const char *name)
{
	for (const struct unit *unit = measure->units; unit->name; unit++)
		if (strcmp(unit->name, name) == 0)
			return unit;
	return NULL;
}

static int
read_measure(int64_t *value, const char *text, const struct measure *measure, struct chat_err *err)
{
	struct decimal decimal;
	const char *rest = read_decimal(&decimal, text);
	const struct unit *unit = rest ? find_unit(measure, rest) : NULL;
	uint64_t sum;

	if (!unit)
		return chat_fail(err, CHAT_USAGE, "%s", measure->not_one);
	if (decimal.too_fine || decimal.digits * unit->factor % decimal.scale != 0)
		return chat_fail(err, CHAT_USAGE, "%s", measure->too_fine);
	if (__builtin_mul_overflow(decimal.whole, unit->factor, &sum) ||
		__builtin_add_overflow(sum, decimal.digits * unit->factor / decimal.scale, &sum) ||
		sum > INT64_MAX)
		return chat_fail(err, CHAT_USAGE, "too large");
	*value = (int64_t)sum;
	return 0;
}

int
chat_measure_duration(int64_t *ms, const char *text, struct chat_err *err)
{
	return read_measure(ms, text, &duration, err);
}

int
chat_measure_size(int64_t *bytes, const char *text, struct chat_err *err)
{
	return read_measure(bytes, text, &size, err);
}

int
chat_measure_integer(int64_t *value, const char *text, struct chat_err *err)
{
	const char *digits = text + (*text == '-');

	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return chat_fail(err, CHAT_USAGE, "not a number");
	errno = 0;
	*value = strtoll(text, NULL, 10);
	if (errno == ERANGE)
		return chat_fail(err, CHAT_USAGE, *text == '-' ? "too small" : "too large");
	return 0;
}
