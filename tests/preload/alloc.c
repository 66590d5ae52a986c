/*
 * Makes one allocation of a program fail. Preloaded, it counts the allocations of the program and
 * its libraries. Environment:
 *
 * ALLOC_FAIL=n: the n-th allocation fails, and no other.
 *
 * ALLOC_COUNT=file: the number of allocations is written there when the program ends.
 *
 * The allocations of libseccomp (2.5.4) are not counted: when one of them fails it loads a part of
 * the filter and reports success, or frees twice. It runs once, before anybody can connect, and
 * what its filter leaves out is denied.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libseccomp.h"

/* glibc's own, by the names it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static int count_fd = -1;
static atomic_long calls;
static long failing; /* 0: not known yet, -1: none */

static bool
fails(const void *caller)
{
	const char *wanted;

	if (is_of_libseccomp(caller))
		return false;
	if (!failing) {
		wanted = getenv("ALLOC_FAIL");
		failing = wanted ? strtol(wanted, NULL, 10) : -1;
	}
	if (atomic_fetch_add(&calls, 1) + 1 != failing)
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* At the start, for at the end a sandbox may forbid it. */
__attribute__((constructor)) static void
look_around(void)
{
	const char *path = getenv("ALLOC_COUNT");

	dl_iterate_phdr(note_libseccomp, NULL);
	count_fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
}

__attribute__((destructor)) static void
tell(void)
{
	if (count_fd >= 0)
		dprintf(count_fd, "%ld\n", atomic_load(&calls));
}
