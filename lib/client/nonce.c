/* Nonces: names for messages that the server has not given an id yet. */
#include "client/nonce.h"

#include <string.h>

#include "wire/digest.h"
#include "wire/random.h"

#define DIGITS_MAX 18 /* of a number that fits into 64 bits in any case */

void
chat_nonce_make_prefix(char prefix[NONCE_PREFIX_LEN + 1])
{
	unsigned char random[NONCE_PREFIX_LEN / 2];

	chat_random(random, sizeof(random));
	chat_hex(prefix, random, sizeof(random));
}

/* Writes c and a number. Returns the end. Faster than printf: each line of chat-send has a nonce.
 */
static char *
put_number(char *at, char c, uint64_t number)
{
	char digits[20];
	size_t first = sizeof(digits);

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	*at++ = c;
	memcpy(at, digits + first, sizeof(digits) - first);
	return at + sizeof(digits) - first;
}

void
chat_nonce_write(char nonce[NONCE_SIZE], const char *prefix, uint64_t number, unsigned hops)
{
	char *at = nonce + NONCE_PREFIX_LEN;

	memcpy(nonce, prefix, NONCE_PREFIX_LEN);
	at = put_number(at, '-', number);
	if (hops > 0)
		at = put_number(at, 'h', hops);
	*at = '\0';
}

/* Takes a number off the front. Returns false if there is none, or it is too long. */
static bool
take_number(struct chat_span *text, uint64_t *number)
{
	size_t len = 0;

	*number = 0;
	for (; len < text->len && text->at[len] >= '0' && text->at[len] <= '9'; len++)
		*number = *number * 10 + (uint64_t)(text->at[len] - '0');
	text->at += len;
	text->len -= len;
	return len > 0 && len <= DIGITS_MAX;
}

/* Removes c from the front. Returns false if the text does not begin with c. */
static bool
take(struct chat_span *text, char c)
{
	if (text->len == 0 || *text->at != c)
		return false;
	text->at++;
	text->len--;
	return true;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool
take_prefix(struct chat_span *text, struct chat_span *prefix)
{
	if (text->len < NONCE_PREFIX_LEN)
		return false;
	*prefix = (struct chat_span){text->at, NONCE_PREFIX_LEN};
	for (size_t i = 0; i < NONCE_PREFIX_LEN; i++)
		if (!is_hex(text->at[i]))
			return false;
	text->at += NONCE_PREFIX_LEN;
	text->len -= NONCE_PREFIX_LEN;
	return true;
}

bool
chat_nonce_read(struct nonce *nonce, const struct chat_json_value *value)
{
	struct chat_span rest = chat_json_inside(value);

	nonce->hops = 0;
	if (value->escaped || !take_prefix(&rest, &nonce->prefix) || !take(&rest, '-') ||
		!take_number(&rest, &nonce->number))
		return false;
	if (take(&rest, 'h') && !take_number(&rest, &nonce->hops))
		return false;
	return rest.len == 0;
}
