#ifndef CHAT_WIRE_IDN_H
#define CHAT_WIRE_IDN_H

#include <stddef.h>

#include "chat/err.h"

/*
 * Writes the ASCII form of a host name, by IDNA 2008 (UTS #46, not transitional); escapes such as
 * %C3%BC (RFC 3986 section 3.2.2) are decoded first. An address or an ASCII name is copied. Returns
 * 0, or -1 with CHAT_USAGE if the name has no ASCII form or does not fit.
 */
int chat_idn_to_ascii(char *ascii, size_t size, const char *host, struct chat_err *err);

#endif
