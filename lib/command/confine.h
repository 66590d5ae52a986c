#ifndef CHAT_COMMAND_CONFINE_H
#define CHAT_COMMAND_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/*
 * A process gives up what it will not need, by landlock(7): nobody who takes it over gets it back.
 * For commands. What this kernel cannot take away is left; without Landlock all is.
 */
enum chat_confine_right {
	CHAT_CONFINE_READ = 1, /* files and directories */
	CHAT_CONFINE_WRITE = 2, /* files: make, change, cut, rename within a directory, remove */
	CHAT_CONFINE_REMOVE = 4, /* files */
	CHAT_CONFINE_EXECUTE = 8,
	CHAT_CONFINE_TCP = 16, /* bind and connect */
	CHAT_CONFINE_OTHERS = 32, /* signals and abstract unix sockets of other processes */
	CHAT_CONFINE_RENAME = 64 /* files within a directory, and remove */
};

struct chat_confine {
	int fd; /* -1: the kernel has no Landlock */
	int version; /* of its interface; 0: none */
	unsigned rights; /* to be taken away */
};

/* Begins to take these rights away; REMOVE and RENAME go with WRITE. */
void chat_confine_begin(struct chat_confine *confine, unsigned rights);

/* But leaves some of them at this path and below it. A path that is not there is left out. */
void chat_confine_leave(struct chat_confine *confine, const char *path, unsigned rights);

/* Likewise below the directory that this file is in, and the one that a link there leads to. */
void chat_confine_leave_beside(struct chat_confine *confine, const char *path, unsigned rights);

/*
 * Ends with it done, for this thread and those to come, together with no new privileges (a set-uid
 * program gives none). -1 with CHAT_INTERNAL, where the kernel has it and refuses.
 */
int chat_confine_end(struct chat_confine *confine, struct chat_err *err);

#endif
