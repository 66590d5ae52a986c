#ifndef SEND_REPLACE_INVALID_H
#define SEND_REPLACE_INVALID_H

#include "chat/span.h"
#include "text/buf.h"

/*
 * Replaces by U+FFFD what cannot be sent: U+0000, and bytes that are not UTF-8 (each "maximal
 * subpart", as Unicode recommends). Returns a valid text as it is, else the content of out,
 * which it overwrites.
 */
struct chat_span replace_invalid(struct chat_buf *out, struct chat_span text);

#endif
