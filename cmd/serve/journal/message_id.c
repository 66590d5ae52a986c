/* Formats and parses the ids that the server assigns to messages. */
#include "serve/journal/message_id.h"

/* Parses len lower-case hexadecimal digits. Returns false if there is any other character. */
static bool
read_hex(const char *at, size_t len, uint64_t *value)
{
	*value = 0;
	while (len--) {
		char c = *at++;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool
message_id_read(struct chat_span id, uint64_t *epoch, uint64_t *number)
{
	return id.len == MESSAGE_ID_LEN && id.at[MESSAGE_ID_EPOCH_LEN] == '-' &&
		read_hex(id.at, MESSAGE_ID_EPOCH_LEN, epoch) &&
		read_hex(id.at + MESSAGE_ID_EPOCH_LEN + 1,
			MESSAGE_ID_LEN - MESSAGE_ID_EPOCH_LEN - 1, number);
}

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
	at = write_hex(at, MESSAGE_ID_LEN - MESSAGE_ID_EPOCH_LEN - 1, number);
	*at = '\0';
}
