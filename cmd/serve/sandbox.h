#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include "chat/err.h"
#include "serve/config.h"
#include "serve/net/listener.h"

/*
 * The sandbox. When its sockets are bound and its secrets are read, and before it reads from any
 * peer, the server gives up every right that it does not need. An attacker who takes over the
 * process can then do little but serve a chat.
 */

/* Becomes the user of this name. Only root can become another. Returns 0, or -1 with CHAT_USAGE or
 * CHAT_INTERNAL. */
int sandbox_become(const char *user, struct chat_err *err);

/*
 * Gives up new privileges, core dumps, and that others may read the memory of the process; all
 * files but the journal and those that SIGHUP reads again or that are removed at the end
 * (Landlock); all system calls that serving does not need (seccomp). Call it before any thread is
 * started: threads inherit it. Returns 0, or -1 with CHAT_INTERNAL.
 */
int sandbox_enter(
	const struct config *config, const struct listeners *listeners, struct chat_err *err);

#endif
