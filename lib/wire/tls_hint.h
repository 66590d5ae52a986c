#ifndef CHAT_WIRE_TLS_HINT_H
#define CHAT_WIRE_TLS_HINT_H

#include <stdbool.h>

/*
 * Returns a clause that says how to fix a TLS failure, static, or NULL. words: the sentence of
 * OpenSSL that libcurl passed on. distrusted: the server's certificate could not be verified.
 */
const char *chat_tls_hint(const char *words, bool distrusted);

/* Returns true if this sentence says that the server does not speak TLS. */
bool chat_tls_is_plain(const char *words);

#endif
