#ifndef CLIENT_NONCE_H
#define CLIENT_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "span.h"

/*
 * The nonces that these commands make: PREFIX-NUMBER, where the prefix is random and of one process
 * and the number counts its messages. For a server that does not copy `hops` it is
 * PREFIX-NUMBERhHOPS where so many programs led to the message: nonces are copied, so whoever hears
 * the message can read it.
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
