/*
 * Decodes JSON values that json.c has read: the escapes of strings, and the digits of numbers. Most
 * values are not decoded but only passed on.
 */
#include "chat/json.h"

#include "text/json_escape.h"
#include "text/utf8.h"

/* Returns the code point of the escape at `at`, which json_string.c has accepted. Sets *len to the
 * length of the escape. */
static uint32_t
decode_escape(const char *at, const char *end, size_t *len)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *letter;
	int high, low;

	*len = 2;
	if (at[1] != 'u') {
		letter = strchr(letters, at[1]);
		return (unsigned char)(letter ? meanings[letter - letters] : at[1]);
	}
	*len = 6;
	high = json_hex(at + 2, end);
	if (!json_is_high_surrogate(high))
		return (uint32_t)high;
	*len = 12;
	low = json_low_surrogate(at + 6, end);
	return 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
}

size_t
chat_json_decode(struct chat_span *rest, char *out, size_t size)
{
	size_t done = 0;

	while (rest->len > 0 && done < size) {
		char bytes[4];
		size_t taken, len;

		if (*rest->at == '\\') {
			uint32_t point = decode_escape(rest->at, rest->at + rest->len, &taken);

			len = chat_utf8_encode(bytes, point);
			if (len > size - done)
				break;
			memcpy(out + done, bytes, len);
		} else {
			const char *escape = memchr(rest->at, '\\', rest->len);

			len = escape ? (size_t)(escape - rest->at) : rest->len;
			len = len < size - done ? len : size - done;
			memcpy(out + done, rest->at, len);
			taken = len;
		}
		done += len;
		rest->at += taken;
		rest->len -= taken;
	}
	return done;
}

struct chat_span
chat_json_inside(const struct chat_json_value *string)
{
	return (struct chat_span){string->raw.at + 1, string->raw.len - 2};
}

size_t
chat_json_unescape(const struct chat_json_value *string, char *out, size_t size)
{
	struct chat_span rest = chat_json_inside(string);
	size_t len = chat_json_decode(&rest, out, size);

	return rest.len == 0 ? len : (size_t)-1;
}

bool
chat_json_string_is(const struct chat_json_value *string, struct chat_span bytes)
{
	struct chat_span rest = chat_json_inside(string);

	if (!string->escaped)
		return chat_span_equal(rest, bytes);
	while (rest.len > 0) {
		char piece[64];
		size_t len = chat_json_decode(&rest, piece, sizeof(piece));

		if (len > bytes.len || memcmp(piece, bytes.at, len) != 0)
			return false;
		bytes.at += len;
		bytes.len -= len;
	}
	return bytes.len == 0;
}

/* A number as digits times a power of ten, without leading and trailing zeros. */
struct decimal {
	bool negative;
	const char *first; /* the first digit that is not 0; NULL if the number is zero */
	int64_t digits; /* the number of digits from `first` to the last that is not 0 */
	int64_t exponent; /* the power of ten of the last of these digits */
};

/* An exponent larger than the length of any text, and small enough for additions. */
#define EXPONENT_MAX (INT64_MAX / 4)

static int64_t
read_exponent(const char *at, const char *end)
{
	bool negative = *at == '-';
	int64_t exponent = 0;

	if (*at == '-' || *at == '+')
		at++;
	for (; at < end; at++)
		if (exponent < EXPONENT_MAX / 10)
			exponent = exponent * 10 + (*at - '0');
	return negative ? -exponent : exponent;
}

static struct decimal
read_decimal(struct chat_span number)
{
	const char *end = number.at + number.len;
	struct decimal decimal = {.negative = *number.at == '-'};
	int64_t since_first = 0; /* the number of digits read, from the first that is not 0 */
	int64_t fraction = 0; /* the number of digits read after the point */
	bool behind = false;
	const char *at;

	for (at = number.at + decimal.negative; at < end && (*at | 0x20) != 'e'; at++) {
		if (*at == '.') {
			behind = true;
			continue;
		}
		fraction += behind;
		if (*at != '0' && !decimal.first)
			decimal.first = at;
		since_first += decimal.first != NULL;
		if (*at != '0')
			decimal.digits = since_first;
	}
	decimal.exponent = since_first - decimal.digits - fraction;
	if (at < end)
		decimal.exponent += read_exponent(at + 1, end);
	return decimal;
}

bool
chat_json_is_integer(struct chat_span number)
{
	struct decimal decimal = read_decimal(number);

	return !decimal.first || decimal.exponent >= 0;
}

/* Returns the absolute value of an integer, or UINT64_MAX if it has more than 19 digits. (A number
 * of 19 digits is always less than UINT64_MAX.) */
static uint64_t
magnitude(const struct decimal *decimal)
{
	int64_t len = decimal->digits + decimal->exponent;
	uint64_t value = 0;
	const char *at = decimal->first;

	if (!at)
		return 0;
	if (len > 19)
		return UINT64_MAX;
	for (int64_t i = 0; i < len; i++) {
		if (i < decimal->digits && *at == '.')
			at++;
		value = value * 10 + (i < decimal->digits ? (uint64_t)(*at++ - '0') : 0);
	}
	return value;
}

int
chat_json_compare_integer(struct chat_span integer, int64_t with)
{
	struct decimal decimal = read_decimal(integer);
	uint64_t left = magnitude(&decimal);
	uint64_t right = with < 0 ? -(uint64_t)with : (uint64_t)with;
	bool negative = decimal.negative && left > 0;
	int order = left < right ? -1 : left > right;

	if (negative != (with < 0))
		return negative ? -1 : 1;
	return negative ? -order : order;
}

/* Reads a number of up to 18 digits and nothing else, as nearly all are. Returns false for others.
 */
static bool
read_digits(struct chat_span number, int64_t *value)
{
	int64_t sum = 0;

	if (number.len > 18)
		return false;
	for (size_t i = 0; i < number.len; i++) {
		unsigned digit = (unsigned char)number.at[i] - (unsigned)'0';

		if (digit > 9)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

bool
chat_json_int64(struct chat_span integer, int64_t *value)
{
	struct decimal decimal;
	uint64_t size;

	if (read_digits(integer, value))
		return true;
	decimal = read_decimal(integer);
	if (decimal.first && decimal.exponent < 0)
		return false;
	size = magnitude(&decimal);
	if (size > (uint64_t)INT64_MAX + decimal.negative)
		return false;
	*value = (int64_t)(decimal.negative ? -size : size);
	return true;
}

const char *
chat_json_kind_word(enum chat_json_kind kind)
{
	static const char *const words[] = {
		[CHAT_JSON_NULL] = "null",
		[CHAT_JSON_BOOLEAN] = "boolean",
		[CHAT_JSON_NUMBER] = "number",
		[CHAT_JSON_STRING] = "string",
		[CHAT_JSON_ARRAY] = "array",
		[CHAT_JSON_OBJECT] = "object",
	};

	return words[kind];
}
