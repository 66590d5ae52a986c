#ifndef LISTEN_LISTENER_BOT_H
#define LISTEN_LISTENER_BOT_H

#include <stdint.h>

#include "listen/listener.h"

/*
 * The command of --exec in the listener's loop. Called only where there is one.
 */

/* Lets it speak, keeps what it owes an answer to, and ends it in time when the listener ends. */
void listener_run_bot(struct listener *listener);

/* When that goes on though nothing happens (chat_now_ms); INT64_MAX: there is no such time. */
int64_t listener_bot_deadline_ms(const struct listener *listener);

#endif
