#ifndef CHAT_COMMAND_CONFINE_H
#define CHAT_COMMAND_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/*
 * Gives up rights of the process for ever, by landlock(7): an attacker who controls the process
 * cannot get them back. Only commands use this. The process keeps the rights that this kernel
 * cannot take away; without Landlock it keeps all of them.
 */
enum chat_confine_right {
	CHAT_CONFINE_READ = 1, /* read files and directories */
	CHAT_CONFINE_WRITE = 2, /* create, change, truncate files; includes REMOVE and RENAME;
				   without it, no file of another kind can be created or removed */
	CHAT_CONFINE_REMOVE = 4, /* remove files */
	CHAT_CONFINE_EXECUTE = 8, /* execute files */
	CHAT_CONFINE_TCP = 16, /* bind and connect TCP sockets */
	CHAT_CONFINE_OTHERS = 32, /* signal other processes, use their abstract unix sockets */
	CHAT_CONFINE_RENAME = 64 /* create and remove files, rename them within a directory */
};

/* The rights that chat_confine_end will give up. */
struct chat_confine {
	int fd; /* of the Landlock ruleset; -1: the kernel gave none, or after chat_confine_end */
	int version; /* of the kernel's Landlock; 0: the kernel has none */
	unsigned rights; /* enum chat_confine_right, or-ed */
};

/* Chooses the rights to give up. Nothing is given up before chat_confine_end. */
void chat_confine_begin(struct chat_confine *confine, unsigned rights);

/* Keeps these rights for a path and all files below it. Ignores a path that cannot be opened. */
void chat_confine_leave(struct chat_confine *confine, const char *path, unsigned rights);

/*
 * Keeps these rights for the directory of a file and all files below it. If the file is a symbolic
 * link, also keeps them for the directory of the file that the link leads to.
 */
void chat_confine_leave_beside(struct chat_confine *confine, const char *path, unsigned rights);

/*
 * Gives up the rights, for this thread and for the threads and processes that it starts. Set-uid
 * programs can then give them no new rights (no_new_privs). Returns 0, or -1 with CHAT_INTERNAL if
 * the kernel refuses.
 */
int chat_confine_end(struct chat_confine *confine, struct chat_err *err);

#endif
