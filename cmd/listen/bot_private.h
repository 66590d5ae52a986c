#ifndef LISTEN_BOT_PRIVATE_H
#define LISTEN_BOT_PRIVATE_H

#include "listen/bot.h"

/* Shared by the files bot_*.c alone. */

#define BOT_LINE_MAX_BYTES (16u << 20) /* the longest line of the command */

/* ---- bot_process.c ---- */

/* Closes a descriptor, unless it is -1, and makes it -1. */
void bot_close_fd(int *fd);

/* ---- bot_messages.c ---- */

/* Returns true if a line of the command may be taken. */
bool bot_has_room(const struct bot *bot);

/*
 * Takes the lines that the command has written, while there is room. When the command has
 * ended, also takes the lines that are left in the pipe, and then closes from_fd.
 */
void bot_take_lines(struct bot *bot);

/*
 * Removes the settled messages from the outbox, in order. A message that may be lost keeps the
 * messages after it from counting as answers.
 */
void bot_take_settled(struct bot *bot);

#endif
