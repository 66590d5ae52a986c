#ifndef SERVE_CLUSTER_SUBJECT_H
#define SERVE_CLUSTER_SUBJECT_H

#include <stdbool.h>

#include "chat/span.h"
#include "wire/url.h"

/*
 * The last word of a subject of NATS: the name of a channel in base32 (RFC 4648, section 7, small
 * letters, no padding). A name has characters that a subject may not have.
 */
#define SUBJECT_WORD_MAX ((CHAT_CHANNEL_MAX * 8 + 4) / 5)

/* Writes the word of a channel, and a NUL. */
void subject_word_write(char word[SUBJECT_WORD_MAX + 1], struct chat_span channel);

/*
 * Reads a word. Returns false if it is not that of a valid channel, written as above. channel gets
 * the name and a NUL.
 */
bool subject_word_read(char channel[CHAT_CHANNEL_MAX + 1], struct chat_span word);

#endif
