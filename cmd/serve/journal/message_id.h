#ifndef SERVE_JOURNAL_MESSAGE_ID_H
#define SERVE_JOURNAL_MESSAGE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * A message id: an epoch (epochs.h) in 12 hexadecimal digits, a dash, and a number in 10 more. Ids
 * sort in the order in which they were given.
 */
#define MESSAGE_ID_EPOCH_LEN 12
#define MESSAGE_ID_LEN (MESSAGE_ID_EPOCH_LEN + 11)
#define MESSAGE_EPOCH_MAX (((uint64_t)1 << 48) - 1)
#define MESSAGE_NUMBER_MAX (((uint64_t)1 << 40) - 1)

/* Parses an id. Returns false, with the results undefined, if it has another form. */
bool message_id_read(struct chat_span id, uint64_t *epoch, uint64_t *number);

/* Writes MESSAGE_ID_LEN characters and a NUL to id. */
void message_id_write(char id[MESSAGE_ID_LEN + 1], uint64_t epoch, uint64_t number);

#endif
