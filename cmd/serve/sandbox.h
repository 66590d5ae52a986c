#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include "chat/err.h"
#include "serve/config.h"
#include "serve/net/listener.h"

/*
 * What the server gives up once its sockets are bound and its secrets are read, and before it has
 * heard anybody: who takes it over finds a process that can serve a chat, and little else.
 */

/* Becomes this user, of a name; the process is root's. -1 with CHAT_USAGE, CHAT_INTERNAL. */
int sandbox_become(const char *user, struct chat_err *err);

/*
 * No new privileges, no core, no view of its memory; no files but the journal and those that SIGHUP
 * reads again or that go at the end (Landlock); no system calls but those that serving takes
 * (seccomp). Threads that are to be confined start later. -1 with CHAT_INTERNAL.
 */
int sandbox_enter(
	const struct config *config, const struct listeners *listeners, struct chat_err *err);

#endif
