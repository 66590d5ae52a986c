/*
 * Parses a line of a journal. This server has written it, so the properties are in a fixed order,
 * and it is enough to compare bytes and to find the ends of strings. A line of any other form is
 * refused.
 */
#include "serve/journal/line.h"

#include <string.h>

/* ---- parts of a line ---- */

/*
 * Each of these functions removes something from the front of `rest`. If `rest` does not begin with
 * that, the function returns false, and `rest` is undefined.
 */

static bool
take(struct chat_span *rest, struct chat_span literal)
{
	if (rest->len < literal.len || memcmp(rest->at, literal.at, literal.len) != 0)
		return false;
	rest->at += literal.len;
	rest->len -= literal.len;
	return true;
}

#define TAKE(rest, literal) take((rest), CHAT_SPAN(literal))

static bool
take_bytes(struct chat_span *rest, size_t len, struct chat_span *taken)
{
	if (rest->len < len)
		return false;
	*taken = (struct chat_span){rest->at, len};
	rest->at += len;
	rest->len -= len;
	return true;
}

/*
 * Returns the closing quote of a string, or NULL if there is none. `rest` begins after the opening
 * quote.
 */
static const char *
string_end(struct chat_span rest)
{
	const char *at = rest.at, *end = rest.at + rest.len;

	while (at < end && (at = memchr(at, '"', (size_t)(end - at)))) {
		const char *before = at;

		while (before > rest.at && before[-1] == '\\')
			before--;
		if ((at - before) % 2 == 0)
			return at;
		at++;
	}
	return NULL;
}

/* Removes the inside of a string and its closing quote; the opening one must be removed already. */
static bool
take_inside(struct chat_span *rest, struct chat_span *inside)
{
	const char *end = string_end(*rest);

	return end && take_bytes(rest, (size_t)(end - rest->at), inside) && TAKE(rest, "\"");
}

/* Removes a string with its quotes. */
static bool
take_string(struct chat_span *rest, struct chat_span *json)
{
	const char *start = rest->at;
	struct chat_span inside;

	if (!TAKE(rest, "\"") || !take_inside(rest, &inside))
		return false;
	*json = (struct chat_span){start, (size_t)(rest->at - start)};
	return true;
}

static bool
take_number(struct chat_span *rest, int64_t *number)
{
	const char *start = rest->at;
	uint64_t value = 0;

	while (rest->len && *rest->at >= '0' && *rest->at <= '9' && rest->at - start < 18) {
		value = 10 * value + (uint64_t)(*rest->at - '0');
		rest->at++;
		rest->len--;
	}
	*number = (int64_t)value;
	return rest->at > start;
}

/* ---- the message ---- */

/* Removes the value of `size`, up to the comma. It has any form without quotes or commas. */
static bool
take_size(struct chat_span *rest)
{
	const char *comma = memchr(rest->at, ',', rest->len);
	struct chat_span digits;

	return comma && take_bytes(rest, (size_t)(comma - rest->at), &digits) &&
		!memchr(digits.at, '"', digits.len);
}

/* Removes the property `file`, if there is one, and sets line->data_at and line->data_len. */
static bool
take_file(struct chat_span *rest, const char *start, struct journal_line *line)
{
	struct chat_span skipped;

	line->data_at = line->data_len = 0;
	if (!TAKE(rest, ",\"file\":{\"name\":"))
		return true;
	if (!take_string(rest, &skipped) || !TAKE(rest, ",\"type\":") ||
		!take_string(rest, &skipped) || !TAKE(rest, ",\"size\":") || !take_size(rest) ||
		!TAKE(rest, ","))
		return false;
	line->data_at = (uint32_t)(rest->at - start);
	if (!TAKE(rest, "\"data\":") || !take_string(rest, &skipped))
		return false;
	line->data_len = (uint32_t)(rest->at - start) - line->data_at;
	return TAKE(rest, "}");
}

/* Removes the properties `via` and `hops`, if they exist. */
static bool
take_route(struct chat_span *rest)
{
	struct chat_span word;
	int64_t hops;

	if (TAKE(rest, ",\"via\":[") && !TAKE(rest, "]")) {
		do
			if (!take_string(rest, &word))
				return false;
		while (TAKE(rest, ","));
		if (!TAKE(rest, "]"))
			return false;
	}
	return !TAKE(rest, ",\"hops\":") || take_number(rest, &hops);
}

bool
journal_line_read(struct journal_line *line, struct chat_span text)
{
	struct chat_span rest = text, id, skipped;

	line->nonce_json.len = 0;
	return TAKE(&rest, "{\"type\":\"message\",\"id\":\"") &&
		take_bytes(&rest, MESSAGE_ID_LEN, &id) &&
		message_id_read(id, &line->epoch, &line->number) && TAKE(&rest, "\",\"sender\":") &&
		take_string(&rest, &skipped) && TAKE(&rest, ",\"content\":") &&
		take_string(&rest, &skipped) && TAKE(&rest, ",\"timestamp\":") &&
		take_number(&rest, &line->timestamp_ms) && TAKE(&rest, ",\"channel\":\"") &&
		take_inside(&rest, &line->channel) && TAKE(&rest, ",\"senderId\":\"") &&
		take_inside(&rest, &line->sender_id) &&
		(!TAKE(&rest, ",\"nonce\":") || take_string(&rest, &line->nonce_json)) &&
		(!TAKE(&rest, ",\"replyTo\":") || take_string(&rest, &skipped)) &&
		take_route(&rest) && take_file(&rest, text.at, line) && TAKE(&rest, "}") &&
		rest.len == 0;
}
