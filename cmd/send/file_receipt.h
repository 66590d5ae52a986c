#ifndef SEND_FILE_RECEIPT_H
#define SEND_FILE_RECEIPT_H

#include "chat/span.h"
#include "client/draft.h"
#include "text/buf.h"

/*
 * Appends the receipt of a file to out, without the data of the file: `file` has `omitted`, as in a
 * history, and the SHA-256 of what was sent. draft is the file that was sent; receipt is the
 * server's `message`, whose other members stay as they are. A receipt without `file` is appended
 * unchanged.
 */
void file_receipt_write(struct chat_buf *out, const struct draft *draft, struct chat_span receipt);

#endif
