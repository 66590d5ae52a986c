/*
 * Any bytes as base64 and as what is to be encoded, through the public interface alone: what is
 * encoded is canonical and comes back; what is accepted decodes to the size that was announced.
 */
#include <chat/base64.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = chat_base64_encoded_size(size);
	char *encoded = malloc(len ? len : 1), *back = malloc(size ? size : 1);
	const char *text = (const char *)data;
	size_t wrong = chat_base64_check(text, size), decoded;

	need(chat_base64_encode(encoded, data, size) == len);
	need(chat_base64_canonical(encoded, len));
	need(chat_base64_decoded_size(encoded, len) == size);
	need(chat_base64_decode(back, encoded, len) == size && memcmp(back, data, size) == 0);
	free(encoded);
	free(back);
	need(wrong == CHAT_BASE64_VALID || wrong <= size);
	need(wrong == CHAT_BASE64_VALID || !chat_base64_canonical(text, size));
	if (wrong != CHAT_BASE64_VALID)
		return 0;
	decoded = chat_base64_decoded_size(text, size);
	back = malloc(decoded ? decoded : 1);
	need(chat_base64_decode(back, text, size) == decoded);
	free(back);
	return 0;
}
