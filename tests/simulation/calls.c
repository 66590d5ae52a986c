/* Time, chance, what a process is, and what the simulated kernel does not have. */
#include "simulation/calls.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <time.h>

#include "simulation/kernel.h"

/* ---- time, chance, who we are ---- */

int
sim_clock_gettime(clockid_t id, struct timespec *now)
{
	int64_t ns = id == CLOCK_REALTIME ? process_unix_ns() : process_now_ns();

	*now = (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
	return 0;
}

ssize_t
sim_getrandom(void *bytes, size_t size, unsigned flags)
{
	char *to = bytes;

	(void)flags;
	for (size_t i = 0; i < size; i++)
		to[i] = (char)chance_next(world_chance());
	return (ssize_t)size;
}

/* The random bytes that a process has from its start: by the seed, and others for each process. */
unsigned long
sim_getauxval(unsigned long type)
{
	static uint64_t random[2];
	struct chance chance = {.state = world_seed() + (uint64_t)process_kin(process_self())->pid};

	if (type != AT_RANDOM)
		return 0;
	random[0] = chance_next(&chance);
	random[1] = chance_next(&chance);
	return (unsigned long)random;
}

char *
sim_getenv(const char *name)
{
	return (char *)process_env(name);
}

int
sim_getpid(void)
{
	return 1;
}

uid_t
sim_getuid(void)
{
	return 0;
}

int
sim_getpwuid_r(uid_t uid, struct passwd *entry, char *bytes, size_t size, struct passwd **found)
{
	(void)uid;
	(void)entry;
	(void)bytes;
	(void)size;
	*found = NULL;
	return 0;
}

int
sim_gethostname(char *name, size_t size)
{
	snprintf(name, size, "here");
	return 0;
}

int
sim_getrlimit64(int resource, struct rlimit *limit)
{
	(void)resource;
	limit->rlim_cur = limit->rlim_max = PROCESS_FDS;
	return 0;
}

/* ---- what the kernel does not have ---- */

int
sim_no_call(void)
{
	return fail_with(ENOSYS);
}

int
sim_done(void)
{
	return 1;
}

ALIAS(sim_malloc_trim, sim_done);
ALIAS(sim_mallopt, sim_done);
ALIAS(sim_CRYPTO_set_mem_functions, sim_done);
ALIAS(sim_gettid, sim_getpid);
ALIAS(sim_geteuid, sim_getuid);
ALIAS(sim_setrlimit64, sim_done);
ALIAS(sim_syscall, sim_no_call);
ALIAS(sim_prctl, sim_done);
ALIAS(sim_memfd_create, sim_no_call);
ALIAS(sim_sendfile64, sim_no_call);
ALIAS(sim_pthread_create, sim_no_call);
ALIAS(sim_tcgetpgrp, sim_no_call);
ALIAS(sim_getpgrp, sim_no_call);

void
sim_exit(int status)
{
	process_exit(status);
}

ALIAS(sim__exit, sim_exit);

void
sim_abort(void)
{
	world_trace("aborts");
	abort();
}
