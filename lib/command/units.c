/*
 * Reads and writes numbers with units. The numbers are computed from their decimal digits, without
 * floating point, so that a value is exact.
 */
#include "command/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text/ascii.h"
#include "text/err.h"

/* The number before a unit. For 12.050, whole is 12, digits is 5 and scale is 100. */
struct decimal {
	uint64_t whole; /* the part before the point; UINT64_MAX if it is larger */
	uint64_t digits, scale; /* the part after the point is digits / scale */
	bool too_fine; /* more than DECIMALS_MAX decimals; digits and scale are then 0 and 1 */
};

/*
 * The maximum number of decimals without zeros at the end. A number with more is refused. digits
 * times the factor of a unit then fits into 64 bits.
 */
#define DECIMALS_MAX 10

struct unit {
	const char *name;
	uint64_t factor;
};

/* The units of one quantity, ended by a unit with name NULL. The last of two equal ones is written.
 */
struct quantity {
	struct unit units[8];
	const char *not_one, *too_fine; /* sentences of errors */
};

static const struct quantity duration = {
	{{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}},
	"not a duration such as 500ms, 10s, 5m, 2h or 7d", "finer than a millisecond"};

static const struct quantity size = {{{"", 1}, {"K", 1 << 10}, {"k", 1 << 10}, {"m", 1 << 20},
					     {"M", 1 << 20}, {"g", 1 << 30}, {"G", 1 << 30}},
	"not a size such as 4096, 64k, 8M or 1G", "not a whole number of bytes"};

/* Reads digits, which may be none, up to end or another character. Returns where it stopped. A
 * number that is too large becomes UINT64_MAX. */
static const char *
read_digits(uint64_t *number, const char *text, const char *end)
{
	*number = 0;
	for (; text != end && chat_is_digit(*text); text++)
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, (uint64_t)(*text - '0'), number))
			*number = UINT64_MAX;
	return text;
}

/* Reads digits[.digits]. Returns the rest of the text, or NULL if it does not begin in this form.
 */
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
find_unit(const struct quantity *quantity, const char *name)
{
	for (const struct unit *unit = quantity->units; unit->name; unit++)
		if (strcmp(unit->name, name) == 0)
			return unit;
	return NULL;
}

static int
read_quantity(
	int64_t *value, const char *text, const struct quantity *quantity, struct chat_err *err)
{
	struct decimal decimal;
	const char *rest = read_decimal(&decimal, text);
	const struct unit *unit = rest ? find_unit(quantity, rest) : NULL;
	uint64_t sum;

	if (!unit)
		return chat_fail(err, CHAT_USAGE, "%s", quantity->not_one);
	if (decimal.too_fine || decimal.digits * unit->factor % decimal.scale != 0)
		return chat_fail(err, CHAT_USAGE, "%s", quantity->too_fine);
	if (__builtin_mul_overflow(decimal.whole, unit->factor, &sum) ||
		__builtin_add_overflow(sum, decimal.digits * unit->factor / decimal.scale, &sum) ||
		sum > INT64_MAX)
		return chat_fail(err, CHAT_USAGE, "too large");
	*value = (int64_t)sum;
	return 0;
}

int
chat_duration_read(int64_t *ms, const char *text, struct chat_err *err)
{
	return read_quantity(ms, text, &duration, err);
}

int
chat_size_read(int64_t *bytes, const char *text, struct chat_err *err)
{
	return read_quantity(bytes, text, &size, err);
}

int
chat_integer_read(int64_t *value, const char *text, struct chat_err *err)
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

static void
write_quantity(struct chat_buf *out, int64_t value, const struct quantity *quantity)
{
	const struct unit *best = NULL;

	for (const struct unit *unit = quantity->units; unit->name; unit++)
		if ((uint64_t)value % unit->factor == 0 && (!best || unit->factor >= best->factor))
			best = unit;
	if (value == 0)
		chat_buf_append_string(out, "0");
	else
		chat_buf_printf(
			out, "%lld%s", (long long)((uint64_t)value / best->factor), best->name);
}

void
chat_duration_write(struct chat_buf *out, int64_t ms)
{
	write_quantity(out, ms, &duration);
}

void
chat_size_write(struct chat_buf *out, int64_t bytes)
{
	write_quantity(out, bytes, &size);
}
