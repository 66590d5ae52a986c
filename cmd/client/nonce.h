#ifndef CLIENT_NONCE_H
#define CLIENT_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/span.h"

/*
 * The nonces that these commands make: PREFIX-NUMBER, where the prefix is of one process, or of the
 * answers to one message, and the number counts; or PREFIX-NUMBERhHOPS, where so many programs led
 * to the message. That is in `hops`, too; in the nonce it is for servers that do not copy this, and
 * for programs that do not know it.
 */
#define NONCE_PREFIX_LEN 18 /* hexadecimal digits */
#define NONCE_SIZE 64 /* of the whole, its NUL included */

struct nonce {
	struct chat_span prefix;
	uint64_t number;
	uint64_t hops;
};

void nonce_make_prefix(char prefix[NONCE_PREFIX_LEN + 1]);
void nonce_write(char nonce[NONCE_SIZE], const char *prefix, uint64_t number, unsigned hops);

/* False for nonces of another make. */
bool nonce_read(struct nonce *nonce, const struct chat_json_value *value);

#endif
