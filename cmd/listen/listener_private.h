#ifndef LISTEN_LISTENER_PRIVATE_H
#define LISTEN_LISTENER_PRIVATE_H

#include <stdint.h>

#include "listen/listener.h"

/* Shared by the files listener_*.c alone. */

/* ---- listener_turn.c ---- */

/* Closes all connections. The handshake of each one may last limit_ms. */
void listener_close_feeds(struct listener *listener, int64_t limit_ms);

/* ---- listener_flush.c ---- */

/* Writes as much output as possible without waiting, and saves the cursor. */
void listener_flush(struct listener *listener);

/*
 * Call it when nobody reads the output any more. Without a command, dies by SIGPIPE. A command that
 * has closed its stdin may still send messages: then only the output ends.
 */
void listener_reader_gone(struct listener *listener);

/* ---- listener_bot.c: called only with a command ---- */

/* Runs the command and saves what it has answered. When the run ends, ends the command. */
void listener_run_bot(struct listener *listener);

/* Returns when listener_run_bot() must be called even without an event, or INT64_MAX. */
int64_t listener_bot_deadline_ms(const struct listener *listener);

#endif
