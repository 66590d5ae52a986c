#ifndef SERVE_JOURNAL_MESSAGE_ID_H
#define SERVE_JOURNAL_MESSAGE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * A message id: an epoch (epochs.h) as 12 hexadecimal digits, a dash, and a number as 10 more. The
 * order of ids as strings is the order in which they were assigned.
 *
 * 10 hexadecimal digits end at 2^40, which a cluster reaches with the 2^32nd entry of its stream.
 * The numbers from there on begin with a letter after `f`, from `g` to `z`, and go on with 9 digits
 * of base 36 (0 to 9, a to z): they are as long, and sort after all others.
 */
#define MESSAGE_ID_EPOCH_LEN 12
#define MESSAGE_ID_LEN (MESSAGE_ID_EPOCH_LEN + 11)
#define MESSAGE_EPOCH_MAX (((uint64_t)1 << 48) - 1)
#define MESSAGE_NUMBER_HEX ((uint64_t)1 << 40) /* the numbers below this are hexadecimal */
#define MESSAGE_NUMBER_LETTER UINT64_C(101559956668416) /* the numbers of each letter: 36^9 */
#define MESSAGE_NUMBER_MAX (MESSAGE_NUMBER_HEX + 20 * MESSAGE_NUMBER_LETTER - 1)

/* Parses an id. Returns false, with *epoch and *number undefined, if it has another form. */
bool message_id_read(struct chat_span id, uint64_t *epoch, uint64_t *number);

/* Writes MESSAGE_ID_LEN characters and a NUL to id. */
void message_id_write(char id[MESSAGE_ID_LEN + 1], uint64_t epoch, uint64_t number);

#endif
