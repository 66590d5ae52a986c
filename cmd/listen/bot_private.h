#ifndef LISTEN_BOT_PRIVATE_H
#define LISTEN_BOT_PRIVATE_H

#include "listen/bot.h"

/* Shared by the files bot_*.c alone. */

#define BOT_LINE_MAX_BYTES (16u << 20) /* of a line of the command */

/* ---- bot_process.c ---- */

/* Closes a descriptor, unless it is -1, and makes it -1. */
void bot_close_fd(int *fd);

/* ---- bot_messages.c ---- */

/*
 * Takes the lines that the command has written, as many as the outbox has room for. The lines that
 * are still in the pipe when the command has ended are taken too; then the pipe is closed.
 */
void bot_take_lines(struct bot *bot);

/* Takes the settled messages in order: an answer counts when all before it are settled. */
void bot_take_settled(struct bot *bot);

#endif
