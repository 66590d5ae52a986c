#ifndef CHAT_COMMAND_CONFINE_H
#define CHAT_COMMAND_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/*
 * Gives up rights of the process by landlock(7), for good: an attacker who takes the process over
 * does not get them back. Only commands use this. Rights that this kernel cannot take away are
 * kept; without Landlock all of them are.
 */
enum chat_confine_right {
	CHAT_CONFINE_READ = 1, /* read files and directories */
	CHAT_CONFINE_WRITE = 2, /* create, change, truncate files; includes REMOVE and RENAME */
	CHAT_CONFINE_REMOVE = 4, /* remove files */
	CHAT_CONFINE_EXECUTE = 8, /* execute files */
	CHAT_CONFINE_TCP = 16, /* bind and connect TCP sockets */
	CHAT_CONFINE_OTHERS = 32, /* signal other processes, use their abstract unix sockets */
	CHAT_CONFINE_RENAME = 64 /* rename files within a directory, and remove them */
};

/* The rights that are about to be given up. */
struct chat_confine {
	int fd; /* of the Landlock ruleset; -1: the kernel has no Landlock, or after _end */
	int version; /* of the kernel's Landlock; 0: it has none */
	unsigned rights; /* enum chat_confine_right, or-ed */
};

/* Begins to give up these rights. Nothing is given up before chat_confine_end. */
void chat_confine_begin(struct chat_confine *confine, unsigned rights);

/* Keeps some of the rights at a path and below it. A path that does not exist is left out. */
void chat_confine_leave(struct chat_confine *confine, const char *path, unsigned rights);

/*
 * Keeps some of the rights below the directory that a file is in, and where the file is a symbolic
 * link, also below the directory that it leads to.
 */
void chat_confine_leave_beside(struct chat_confine *confine, const char *path, unsigned rights);

/*
 * Gives the rights up, for this thread and for those that it starts, and the chance to gain new
 * ones from set-uid programs. Returns 0, or -1 with CHAT_INTERNAL where the kernel refuses.
 */
int chat_confine_end(struct chat_confine *confine, struct chat_err *err);

#endif
