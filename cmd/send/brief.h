#ifndef SEND_BRIEF_H
#define SEND_BRIEF_H

#include "chat/buf.h"
#include "chat/span.h"
#include "client/draft.h"

/*
 * Appends the receipt of a file without the file's data: `file` is as in a history that leaves data
 * out (`omitted`), with the SHA-256 of what was sent. draft: the file; receipt: the server's
 * `message`, of which all else stays as it is. A receipt without `file` is appended unchanged.
 */
void brief_receipt(struct chat_buf *out, const struct draft *draft, struct chat_span receipt);

#endif
