#ifndef SEND_FILE_RECEIPT_H
#define SEND_FILE_RECEIPT_H

#include "chat/buf.h"
#include "chat/span.h"
#include "client/draft.h"

/*
 * Appends the receipt of a file without the file's data: `file` is as in a history that leaves data
 * out (`omitted`), with the SHA-256 of what was sent. draft: the file; receipt: the server's
 * `message`, of which all else stays as it is. A receipt without `file` is appended unchanged.
 */
void file_receipt_write(struct chat_buf *out, const struct draft *draft, struct chat_span receipt);

#endif
