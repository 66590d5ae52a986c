#ifndef CHAT_WIRE_IDN_H
#define CHAT_WIRE_IDN_H

#include <stddef.h>

#include "chat/err.h"

/*
 * A host name as DNS, TLS and HTTP know it: international names by IDNA 2008 (UTS #46, not
 * transitional), escapes such as %C3%BC (RFC 3986 section 3.2.2) resolved before; an address or a
 * name of ASCII stays as it is. CHAT_USAGE for a name that has no such form, or does not fit.
 */
int chat_idn_to_ascii(char *ascii, size_t size, const char *host, struct chat_err *err);

#endif
