/*
 * A command is ended with all processes of its group. We are their subreaper: if the parent of a
 * process in the group ends, the process becomes our child. So the group is empty if none of its
 * processes is our child. As long as a child is not reaped, no other group can get the same number.
 */
#include "listen/command.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"

#define NOT_FOUND 127 /* the exit status of shells if a command is not found */
#define NOT_EXECUTABLE 126 /* the exit status of shells if it cannot be executed */
#define GRACE_MS 500 /* from SIGTERM to SIGKILL, and from SIGKILL to giving up */

extern char **environ;

/*
 * Returns our environment without CHAT_TOKEN and CHAT_TOKEN_FILE. The caller frees the array, but
 * not its strings.
 */
static char **
open_environment(void)
{
	static const char *const secret[] = {"CHAT_TOKEN=", "CHAT_TOKEN_FILE="};
	size_t count = 0, kept = 0;
	char **open;

	while (environ[count])
		count++;
	open = chat_alloc_zeroed(count + 1, sizeof(*open));
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], secret[0], strlen(secret[0])) != 0 &&
			strncmp(environ[i], secret[1], strlen(secret[1])) != 0)
			open[kept++] = environ[i];
	return open;
}

/*
 * The command gets its own process group, the default action for the signals that we ignore, and
 * this signal mask.
 */
static void
set_attributes(posix_spawnattr_t *attributes, const sigset_t *signals)
{
	sigset_t usual;

	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGXFSZ);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(attributes, signals);
	posix_spawnattr_setsigdefault(attributes, &usual);
	posix_spawnattr_setpgroup(attributes, 0);
}

/* Starts the program. Returns 0 or an errno. */
static int
spawn(struct command *command, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char **environment = open_environment();
	int failed;

	set_attributes(&attributes, command->signals);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	failed = posix_spawnp(
		&command->pid, command->argv[0], &actions, &attributes, command->argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(environment);
	return failed;
}

/* Fails because the program cannot be executed, with the remedies for what people write first. */
static int
fail_start(const char *program, int failed, struct chat_err *err)
{
	const char *hint = "";

	if (failed == ENOENT && strpbrk(program, " \t"))
		hint = ": the command and its arguments are words of their own; a line for the "
		       "shell is run by sh -c";
	else if (failed == ENOENT && !strchr(program, '/'))
		return chat_fail(err, CHAT_CANNOT_OPEN,
			"%s: no such command in the folders of PATH", program);
	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s%s", program, strerror(failed), hint);
}

int
command_start(struct command *command, int in, int out, struct chat_err *err)
{
	int failed;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	failed = spawn(command, in, out);
	command->next_ms = INT64_MAX;
	command->killed = false;
	command->group = failed ? 0 : command->pid;
	if (!failed)
		return 0;
	command->pid = 0;
	command->status = failed == ENOENT || failed == ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE;
	return fail_start(command->argv[0], failed, err);
}

static bool
has_children(pid_t group)
{
	siginfo_t info;

	return waitid(P_PGID, (id_t)group, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/*
 * Ends the processes that are left in the group: first by SIGTERM, after GRACE_MS by SIGKILL. After
 * GRACE_MS more it gives up.
 */
static void
end_rest(struct command *command)
{
	int64_t now_ms = chat_now_ms();

	if (!has_children(command->group)) {
		command->group = 0;
		command->next_ms = INT64_MAX;
	} else if (command->next_ms == INT64_MAX) {
		command_signal(command, command->killed ? SIGKILL : SIGTERM);
		command->next_ms = now_ms + GRACE_MS;
	} else if (now_ms >= command->next_ms && !command->killed) {
		command_signal(command, SIGKILL);
		command->next_ms = now_ms + GRACE_MS;
	} else if (now_ms >= command->next_ms) {
		/* A process does not end even by SIGKILL: give up. */
		command->status = command->pid ? 128 + SIGKILL : command->status;
		command->pid = command->group = 0;
		command->next_ms = INT64_MAX;
	}
}

bool
command_reap(struct command *command)
{
	bool ended = false;
	int status;
	pid_t pid;

	if (command->group == 0)
		return false;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command->pid)
			continue;
		ended = true;
		command->pid = 0;
		command->status =
			WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	if (command->pid == 0 || command->killed)
		end_rest(command);
	return ended;
}

void
command_signal(struct command *command, int signal)
{
	if (signal == SIGKILL && !command->killed)
		command->next_ms = chat_now_ms() + GRACE_MS;
	command->killed |= signal == SIGKILL;
	if (command->group > 0)
		kill(-command->group, signal);
	if (command->pid > 0) /* the program may have left its group */
		kill(command->pid, signal);
}

int64_t
command_wake_ms(const struct command *command)
{
	return command->next_ms;
}
