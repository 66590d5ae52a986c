/* Processes and their threads, and which of them runs next. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/fiber.h"
#include "simulation/kernel.h"
#include "simulation/memory.h"
#include "simulation/schedule.h"

#define CALL_NS 2000 /* what a call of the system takes at most */
#define SWITCHES 30 /* calls in a thousand before which others run */

struct task {
	struct task *next; /* of all threads */
	struct process *process;
	struct fiber *fiber;
	void (*run)(void *arg);
	void *arg;
	int64_t wake_ns;
	bool runnable, ended;
	bool undivided; /* others do not run before its calls of the system */
	int error; /* its errno while others run */
};

struct process {
	struct process *next; /* of all processes */
	const struct program *program;
	struct file *fds[PROCESS_FDS];
	struct memory memory;
	struct signal_state signals;
	char **argv, **env;
	char **arguments; /* argv for main, which may change it */
	struct kin kin;
	int argc, status;
	bool alive;
	int64_t clock_offset_ns;
	int clock_drift;
};

static struct {
	struct task *tasks;
	struct process *processes;
	int pids;
	struct task *running;
	struct task **ready; /* those that can run, while one is chosen */
	size_t ready_cap;
} schedule;

/* ---- threads ---- */

static void
task_main(void *arg)
{
	struct task *task = arg;

	task->run(task->arg);
	task->ended = true;
}

static struct task *
task_new(struct process *process, void (*run)(void *arg), void *arg)
{
	struct task *task = calloc(1, sizeof(*task)), **end = &schedule.tasks;

	if (!task)
		abort();
	*task = (struct task){.process = process, .run = run, .arg = arg, .runnable = true};
	task->fiber = fiber_new(task_main, task);
	while (*end)
		end = &(*end)->next;
	*end = task;
	return task;
}

struct task *
task_start(void (*run)(void *arg), void *arg)
{
	return task_new(schedule.running->process, run, arg);
}

static void
task_unlink(struct task *task)
{
	struct task **at = &schedule.tasks;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
}

void
task_free(struct task *task)
{
	task_unlink(task);
	fiber_free(task->fiber);
	free(task);
}

struct task *
task_self(void)
{
	return schedule.running;
}

bool
task_has_ended(const struct task *task)
{
	return task->ended;
}

void
task_wait(int64_t until_ns)
{
	struct task *task = schedule.running;

	task->wake_ns = until_ns;
	task->runnable = false;
	task->error = errno;
	fiber_yield();
	errno = task->error;
}

void
task_wake(struct task *task)
{
	task->runnable = true;
}

void
task_call(void)
{
	world_tally()->calls++;
	schedule_pass(chance_between(world_chance(), 1, CALL_NS));
	if (chance_hits(world_chance(), SWITCHES) && !schedule.running->undivided)
		task_wait(world_now_ns());
}

void
task_undivided(bool undivided)
{
	schedule.running->undivided = undivided;
}

void
task_compute(int64_t ns)
{
	schedule_pass(ns);
}

/* ---- which runs next ---- */

int64_t
schedule_wake_ns(void)
{
	int64_t next_ns = NEVER;

	for (struct task *task = schedule.tasks; task; task = task->next)
		if (!task->ended && task->wake_ns < next_ns)
			next_ns = task->wake_ns;
	return next_ns;
}

static size_t
find_ready(void)
{
	size_t count = 0;

	for (struct task *task = schedule.tasks; task; task = task->next) {
		if (task->ended || !(task->runnable || task->wake_ns <= world_now_ns()))
			continue;
		if (count == schedule.ready_cap) {
			schedule.ready_cap = count ? 2 * count : 16;
			schedule.ready = realloc(
				schedule.ready, schedule.ready_cap * sizeof(*schedule.ready));
			if (!schedule.ready)
				abort();
		}
		schedule.ready[count++] = task;
	}
	return count;
}

static void process_end(struct process *process);

bool
schedule_step(void)
{
	size_t count = find_ready();
	struct task *task;

	if (!count)
		return false;
	task = schedule.ready[count == 1 ? 0 : chance_below(world_chance(), count)];
	task->runnable = false;
	task->wake_ns = NEVER;
	schedule.running = task;
	program_invocation_short_name = (char *)task->process->program->name;
	fiber_run(task->fiber);
	schedule.running = NULL;
	if (!task->process->alive)
		process_end(task->process); /* which ended itself */
	return true;
}

/* ---- processes ---- */

static char **
copy_strings(const char *const strings[], int *count)
{
	char **copy;
	int n = 0;

	while (strings && strings[n])
		n++;
	copy = calloc((size_t)n + 1, sizeof(*copy));
	for (int i = 0; copy && i < n; i++)
		copy[i] = strdup(strings[i]);
	if (!copy)
		abort();
	if (count)
		*count = n;
	return copy;
}

static void
free_strings(char **strings)
{
	for (char **at = strings; *at; at++)
		free(*at);
	free(strings);
}

static void
process_main(void *arg)
{
	struct process *process = arg;

	optind = 0; /* getopt(3) begins again */
	process_exit(process->program->main(process->argc, process->arguments));
}

struct process *
process_start(const struct program *program, const char *const argv[], const char *const env[],
	struct file *const fds[3])
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		abort();
	process->program = program;
	process->argv = copy_strings(argv, &process->argc);
	process->arguments = calloc((size_t)process->argc + 1, sizeof(char *));
	if (!process->arguments)
		abort();
	memcpy(process->arguments, process->argv, (size_t)process->argc * sizeof(char *));
	process->kin.pid = process->kin.group = ++schedule.pids;
	process->env = copy_strings(env, NULL);
	process->alive = true;
	for (int i = 0; i < 3; i++)
		process->fds[i] = fds && fds[i] ? file_ref(fds[i]) : NULL;
	process->next = schedule.processes;
	schedule.processes = process;
	task_new(process, process_main, process);
	world_tally()->starts++;
	world_trace("starts %s", program->name);
	return process;
}

static void
close_all(struct process *process)
{
	for (int i = 0; i < PROCESS_FDS; i++) {
		struct file *file = process->fds[i];

		process->fds[i] = NULL;
		if (file)
			file_unref(file);
	}
}

/* Gives back what a process has, except the thread that runs. */
static void
process_end(struct process *process)
{
	struct task *task, *next;

	for (task = schedule.tasks; task; task = next) {
		next = task->next;
		if (task->process == process && task != schedule.running)
			task_free(task);
	}
	process->signals = (struct signal_state){0};
	close_all(process);
	children_leave(process);
	if (!schedule.running || schedule.running->process != process)
		memory_free_all(&process->memory);
}

void
process_exit(int status)
{
	struct process *process = schedule.running->process;

	world_trace("ends with %d", status);
	process->status = status & 0xff;
	process->alive = false;
	fiber_yield(); /* for ever: schedule_step() drops it */
	abort();
}

bool
process_is_alive(const struct process *process)
{
	return process->alive;
}

int
process_status(const struct process *process)
{
	return process->status;
}

void
process_free(struct process *process)
{
	struct process **at = &schedule.processes;

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	free_strings(process->argv);
	free(process->arguments);
	free_strings(process->env);
	free(process);
}

void
schedule_end(void)
{
	while (schedule.processes) {
		process_kill(schedule.processes, SIGKILL);
		process_free(schedule.processes);
	}
	free(schedule.ready);
	memset(&schedule, 0, sizeof(schedule));
}

void
process_kill(struct process *process, int signal)
{
	if (process->alive)
		process->status = 128 + signal;
	process->alive = false;
	if (!schedule.running || schedule.running->process != process)
		process_end(process);
}

size_t
process_memory(const struct process *process)
{
	return process->memory.bytes;
}

const char *
process_name(const struct process *process)
{
	return process->program->name;
}

struct process *
process_self(void)
{
	return schedule.running ? schedule.running->process : NULL;
}

struct signal_state *
process_signals(struct process *process)
{
	return &process->signals;
}

struct kin *
process_kin(struct process *process)
{
	return &process->kin;
}

struct process *
process_next(const struct process *process)
{
	return process ? process->next : schedule.processes;
}

struct memory *
process_allocations(struct process *process)
{
	return &process->memory;
}

const char *
process_env(const char *name)
{
	size_t len = strlen(name);

	for (char **at = process_self()->env; *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

/* ---- clocks ---- */

#define THOUSAND 1000

void
process_set_clocks(struct process *process, int64_t offset_ns, int drift)
{
	process->clock_offset_ns = offset_ns;
	process->clock_drift = drift;
}

int64_t
process_now_ns(void)
{
	return world_now_ns() * (THOUSAND + process_self()->clock_drift) / THOUSAND;
}

int64_t
process_unix_ns(void)
{
	return world_unix_ns() - world_now_ns() + process_now_ns() +
		process_self()->clock_offset_ns;
}

int64_t
process_world_ns(int64_t ns)
{
	int64_t pace = THOUSAND + process_self()->clock_drift;

	return ns > NEVER / THOUSAND - THOUSAND ? NEVER : (ns * THOUSAND + pace - 1) / pace;
}

/* ---- descriptors ---- */

int
process_fd(struct file *file)
{
	struct process *process = process_self();

	for (int fd = 0; fd < PROCESS_FDS; fd++)
		if (!process->fds[fd]) {
			process->fds[fd] = file;
			return fd;
		}
	file_unref(file);
	errno = EMFILE;
	return -1;
}

struct file *
process_file(int fd)
{
	struct file *file = fd >= 0 && fd < PROCESS_FDS ? process_self()->fds[fd] : NULL;

	if (!file)
		errno = EBADF;
	return file;
}

struct file *
process_file_of(struct process *process, int fd)
{
	return process->fds[fd];
}

int
process_drop_fd(int fd)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	process_self()->fds[fd] = NULL;
	file_unref(file);
	return 0;
}
