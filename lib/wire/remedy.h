#ifndef CHAT_WIRE_REMEDY_H
#define CHAT_WIRE_REMEDY_H

#include <stdbool.h>

/*
 * What helps where TLS failed: a clause, static; NULL where nothing is known to. words: of OpenSSL,
 * by way of libcurl. distrusted: the server's certificate was not believed.
 */
const char *chat_remedy_tls(const char *words, bool distrusted);

/* Whether these words say that what came is no TLS at all. */
bool chat_remedy_is_plain(const char *words);

#endif
