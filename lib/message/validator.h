#ifndef CHAT_MESSAGE_VALIDATOR_H
#define CHAT_MESSAGE_VALIDATOR_H

#include "chat/validate.h"

/* Functions of validators that only chat-validate and tests use. */

/*
 * Uses another variant of the scanner; -1: none, each line is parsed. The processor must be able to
 * run the variant. Returns 0, or -1 if there is no memory.
 */
int chat_validator_set_scan(struct chat_validator *validator, int variant);

/* Reports a line that was left out of the text, because it is longer than the limit. */
void chat_validator_skip_line(struct chat_validator *validator);

#endif
