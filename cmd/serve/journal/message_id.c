/* Formats and parses the ids that the server assigns to messages. */
#include "serve/journal/message_id.h"

#define FIRST_LETTER 'g' /* of numbers that are not hexadecimal */
#define NUMBER_LEN (MESSAGE_ID_LEN - MESSAGE_ID_EPOCH_LEN - 1)

/* Parses len digits of this base, in lower case. Returns false if there is any other character. */
static bool
read_digits(const char *at, size_t len, unsigned base, uint64_t *value)
{
	*value = 0;
	while (len--) {
		unsigned digit = (unsigned char)*at++;

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if (digit >= 'a' && digit < 'a' + base - 10)
			digit -= 'a' - 10;
		else
			return false;
		*value = *value * base + digit;
	}
	return true;
}

static bool
read_number(const char *at, uint64_t *number)
{
	if (*at < FIRST_LETTER || *at > 'z')
		return read_digits(at, NUMBER_LEN, 16, number);
	if (!read_digits(at + 1, NUMBER_LEN - 1, 36, number))
		return false;
	*number += MESSAGE_NUMBER_HEX + (uint64_t)(*at - FIRST_LETTER) * MESSAGE_NUMBER_LETTER;
	return true;
}

bool
message_id_read(struct chat_span id, uint64_t *epoch, uint64_t *number)
{
	return id.len == MESSAGE_ID_LEN && id.at[MESSAGE_ID_EPOCH_LEN] == '-' &&
		read_digits(id.at, MESSAGE_ID_EPOCH_LEN, 16, epoch) &&
		read_number(id.at + MESSAGE_ID_EPOCH_LEN + 1, number);
}

static char *
write_digits(char *at, size_t len, unsigned base, uint64_t value)
{
	for (size_t i = len; i--; value /= base)
		at[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % base];
	return at + len;
}

/* As write_digits() with base 16, which most ids have alone, without a division. */
static char *
write_hex(char *at, size_t len, uint64_t value)
{
	for (size_t i = len; i--; value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
	return at + len;
}

void
message_id_write(char id[MESSAGE_ID_LEN + 1], uint64_t epoch, uint64_t number)
{
	char *at = write_hex(id, MESSAGE_ID_EPOCH_LEN, epoch);

	*at++ = '-';
	if (number < MESSAGE_NUMBER_HEX) {
		at = write_hex(at, NUMBER_LEN, number);
	} else {
		number -= MESSAGE_NUMBER_HEX;
		*at++ = (char)(FIRST_LETTER + number / MESSAGE_NUMBER_LETTER);
		at = write_digits(at, NUMBER_LEN - 1, 36, number % MESSAGE_NUMBER_LETTER);
	}
	*at = '\0';
}
