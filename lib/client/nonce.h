#ifndef CLIENT_NONCE_H
#define CLIENT_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/span.h"

/*
 * The nonces that these commands make: PREFIX-NUMBER or PREFIX-NUMBERhHOPS. The prefix is that of
 * one process, or of the answers to one message; the number counts from 0. HOPS is the number of
 * programs that led to the message. `hops` says the same; the nonce has it for servers that do not
 * copy `hops`.
 */
#define NONCE_PREFIX_LEN 18 /* hexadecimal digits */
#define NONCE_SIZE 64 /* of the whole nonce, with its NUL */

struct nonce {
	struct chat_span prefix; /* borrowed from the value */
	uint64_t number;
	uint64_t hops; /* 0: the nonce has none */
};

/* Makes a random prefix. */
void chat_nonce_make_prefix(char prefix[NONCE_PREFIX_LEN + 1]);

/* Writes a nonce. If hops is 0, the nonce has no HOPS. */
void chat_nonce_write(char nonce[NONCE_SIZE], const char *prefix, uint64_t number, unsigned hops);

/* Reads a nonce. Returns false if it does not have this form. */
bool chat_nonce_read(struct nonce *nonce, const struct chat_json_value *value);

#endif
