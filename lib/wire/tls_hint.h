#ifndef CHAT_WIRE_TLS_HINT_H
#define CHAT_WIRE_TLS_HINT_H

#include <stdbool.h>

/*
 * Returns a static clause that says how to fix a TLS failure, or NULL. words: the sentence of
 * OpenSSL, from libcurl. distrusted: true if the server's certificate could not be verified.
 * of_command: name the options of the commands.
 */
const char *chat_tls_hint(const char *words, bool distrusted, bool of_command);

/* Returns true if this sentence of OpenSSL means that the server does not speak TLS. */
bool chat_tls_is_plain(const char *words);

#endif
