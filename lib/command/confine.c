/* Uses Landlock by its three system calls, because the C library has no functions for them. */
#include "command/confine.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/err.h"

/* Rights that the headers of Linux 6.1 do not define, each with the Landlock version that has it.
 */
#define FS_TRUNCATE (1ULL << 14) /* version 3 */
#define NET_BIND_TCP (1ULL << 0) /* version 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define FS_IOCTL_DEV (1ULL << 15) /* version 5 */
#define SCOPE_ABSTRACT_SOCKET (1ULL << 0) /* version 6 */
#define SCOPE_SIGNAL (1ULL << 1)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_REMOVE LANDLOCK_ACCESS_FS_REMOVE_FILE
#define FS_WRITE \
	(FS_REMOVE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE)

/* Rights that CHAT_CONFINE_WRITE gives up for all paths; chat_confine_leave cannot keep them. */
#define FS_NEVER \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
		LANDLOCK_ACCESS_FS_MAKE_SYM)

struct ruleset {
	uint64_t fs, net, scoped;
};

/* Returns the size of the part of struct ruleset that this version of Landlock accepts. */
static size_t
ruleset_size(int version)
{
	if (version < 4)
		return offsetof(struct ruleset, net);
	return version < 6 ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

static uint64_t
fs_of(const struct chat_confine *confine, unsigned rights)
{
	uint64_t fs = 0;

	if (rights & CHAT_CONFINE_READ)
		fs |= FS_READ;
	if (rights & CHAT_CONFINE_WRITE)
		fs |= FS_WRITE;
	if (rights & CHAT_CONFINE_REMOVE)
		fs |= FS_REMOVE;
	if (rights & CHAT_CONFINE_RENAME)
		fs |= FS_REMOVE | LANDLOCK_ACCESS_FS_MAKE_REG;
	if (rights & CHAT_CONFINE_EXECUTE)
		fs |= LANDLOCK_ACCESS_FS_EXECUTE;
	return confine->version < 3 ? fs & ~FS_TRUNCATE : fs;
}

void
chat_confine_begin(struct chat_confine *confine, unsigned rights)
{
	struct ruleset ruleset = {0};
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (rights & CHAT_CONFINE_WRITE)
		rights |= CHAT_CONFINE_REMOVE | CHAT_CONFINE_RENAME;
	*confine = (struct chat_confine){.fd = -1, .rights = rights};
	if (version < 1)
		return;
	confine->version = (int)version;
	ruleset.fs = fs_of(confine, rights);
	if (rights & CHAT_CONFINE_WRITE)
		ruleset.fs |= version < 5 ? FS_NEVER : FS_NEVER | FS_IOCTL_DEV;
	if (rights & CHAT_CONFINE_TCP && version >= 4)
		ruleset.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (rights & CHAT_CONFINE_OTHERS && version >= 6)
		ruleset.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
	confine->fd = (int)syscall(
		SYS_landlock_create_ruleset, &ruleset, ruleset_size(confine->version), 0);
}

void
chat_confine_leave(struct chat_confine *confine, const char *path, unsigned rights)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = fs_of(confine, rights & confine->rights)};

	if (confine->fd < 0)
		return;
	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, confine->fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

void
chat_confine_leave_beside(struct chat_confine *confine, const char *path, unsigned rights)
{
	char *copy = chat_strdup(path), *real = realpath(path, NULL);

	chat_confine_leave(confine, dirname(copy), rights);
	if (real)
		chat_confine_leave(confine, dirname(real), rights);
	free(copy);
	free(real);
}

int
chat_confine_end(struct chat_confine *confine, struct chat_err *err)
{
	long status = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		status = chat_fail(err, CHAT_INTERNAL, "no_new_privs: %m");
	else if (confine->fd >= 0 && syscall(SYS_landlock_restrict_self, confine->fd, 0) < 0)
		status = chat_fail(err, CHAT_INTERNAL, "landlock: %m");
	if (confine->fd >= 0)
		close(confine->fd);
	confine->fd = -1;
	return (int)status;
}
