#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include "chat/err.h"
#include "serve/config.h"
#include "serve/net/listener.h"

/*
 * The sandbox. After its sockets are bound and its secrets are read, and before it reads from any
 * peer, the server gives up every right that it does not need. An attacker who takes over the
 * process can then do little but serve a chat.
 */

/* Changes the user of the process to this one. Only root can change to another user. Returns 0, or
 * -1 with CHAT_USAGE if there is no such user, or with CHAT_INTERNAL. */
int sandbox_become(const char *user, struct chat_err *err);

/*
 * Forbids the process: new privileges, core dumps, and that others read its memory; all files but
 * the journal, the files that SIGHUP reads again, the URL file and unix sockets (Landlock); all
 * system calls that serving does not need (seccomp). Does nothing with --no-sandbox or sanitizers.
 * Call it before any thread is started: threads inherit it. Returns 0, or -1 with an error.
 */
int sandbox_enter(
	const struct config *config, const struct listeners *listeners, struct chat_err *err);

#endif
