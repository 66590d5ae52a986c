/* The tree of processes: a process starts others, waits for them, and sends them signals. */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

/* ---- what a new process begins with ---- */

/* The descriptor that becomes this one in the new process is kept in the padding. */
int
sim_posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
	memset(actions, 0, sizeof(*actions));
	for (int fd = 0; fd < 3; fd++)
		actions->__pad[fd] = fd;
	return 0;
}

int
sim_posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int to)
{
	if (to < 0 || to > 2)
		return EBADF;
	actions->__pad[to] = from;
	return 0;
}

int
sim_posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
	(void)actions;
	return 0;
}

int
sim_posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from)
{
	(void)actions;
	(void)from; /* a new process has no others */
	return 0;
}

int
sim_posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const argv[], char *const env[])
{
	const struct program *program = program_find(name);
	struct process *child, *self = process_self();
	struct file *fds[3];
	sigset_t mask;

	(void)env;
	task_call();
	if (!program)
		return ENOENT;
	if (!program->main)
		return EACCES;
	for (int fd = 0; fd < 3; fd++)
		fds[fd] = process_file_of(self, actions->__pad[fd]);
	child = process_start(program, (const char *const *)argv, NULL, fds);
	process_kin(child)->parent = self;
	process_kin(child)->group = *pid = process_kin(child)->pid;
	posix_spawnattr_getsigmask(attributes, &mask);
	process_signals(child)->blocked = signal_bits(&mask);
	return 0;
}

/* ---- the end of processes ---- */

static bool
is_child(struct process *process)
{
	return process_kin(process)->parent == process_self();
}

void
children_leave(struct process *process)
{
	struct process *parent = process_kin(process)->parent;

	for (struct process *other = process_next(NULL); other; other = process_next(other))
		if (process_kin(other)->parent == process)
			process_kin(other)->parent = parent; /* which is a subreaper */
	if (parent && !process_kin(process)->left)
		process_signal(parent, SIGCHLD);
	process_kin(process)->left = true;
}

pid_t
sim_waitpid(pid_t pid, int *status, int options)
{
	bool any = false;

	(void)options; /* the tools do not wait here */
	task_call();
	for (struct process *child = process_next(NULL); child; child = process_next(child)) {
		int ended;

		if (!is_child(child) || (pid > 0 && process_kin(child)->pid != pid))
			continue;
		any = true;
		if (process_is_alive(child))
			continue;
		ended = process_status(child);
		*status = ended > 128 ? ended - 128 : ended << 8;
		pid = process_kin(child)->pid;
		process_free(child);
		return pid;
	}
	return any ? 0 : fail_with(ECHILD);
}

/* Of a group, without reaping: whether there is a child at all. */
int
sim_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	(void)options;
	if (type != P_PGID)
		return fail_with(EINVAL);
	memset(info, 0, sizeof(*info));
	for (struct process *child = process_next(NULL); child; child = process_next(child))
		if (is_child(child) && process_kin(child)->group == (int)id)
			return 0;
	return fail_with(ECHILD);
}

int
sim_kill(pid_t pid, int signal)
{
	bool any = false;

	task_call();
	for (struct process *process = process_next(NULL); process;
		process = process_next(process)) {
		const struct kin *kin = process_kin(process);

		if (pid > 0 ? kin->pid != pid : kin->group != -pid)
			continue;
		any = true;
		process_signal(process, signal);
	}
	return any ? 0 : fail_with(ESRCH);
}
