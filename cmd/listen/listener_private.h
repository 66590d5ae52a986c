#ifndef LISTEN_LISTENER_PRIVATE_H
#define LISTEN_LISTENER_PRIVATE_H

#include <stdint.h>

#include "listen/listener.h"

/* Shared by the files listener_*.c alone. */

/* ---- listener_turn.c ---- */

/* Closes all connections, each within this time. */
void listener_close_feeds(struct listener *listener, int64_t limit_ms);

/* ---- listener_flush.c ---- */

/* Writes the output, as far as it goes without waiting, and saves the cursor. */
void listener_flush(struct listener *listener);

/*
 * Nobody reads the output any more. Ends the process by SIGPIPE, unless it is the stdin of a
 * command: that may close it and still have messages to send.
 */
void listener_reader_gone(struct listener *listener);

/* ---- listener_bot.c: called only with a command ---- */

/* Runs the command, saves what it has answered, and ends it in time when the run ends. */
void listener_run_bot(struct listener *listener);

/* Returns when listener_run_bot() is due though nothing happens, or INT64_MAX. */
int64_t listener_bot_deadline_ms(const struct listener *listener);

#endif
