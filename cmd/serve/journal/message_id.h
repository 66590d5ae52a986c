#ifndef SERVE_JOURNAL_MESSAGE_ID_H
#define SERVE_JOURNAL_MESSAGE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * A message id: an epoch (epochs.h) as 12 hexadecimal digits, a dash, and a number as 10 more. The
 * order of ids as strings is the order in which they were assigned.
 */
#define MESSAGE_ID_EPOCH_LEN 12
#define MESSAGE_ID_LEN (MESSAGE_ID_EPOCH_LEN + 11)
#define MESSAGE_EPOCH_MAX (((uint64_t)1 << 48) - 1)
#define MESSAGE_NUMBER_MAX (((uint64_t)1 << 40) - 1)

/* Parses an id. Returns false, with *epoch and *number undefined, if it has another form. */
bool message_id_read(struct chat_span id, uint64_t *epoch, uint64_t *number);

/* Writes MESSAGE_ID_LEN characters and a NUL to id. */
void message_id_write(char id[MESSAGE_ID_LEN + 1], uint64_t epoch, uint64_t number);

#endif
