#ifndef UNIT_GUARD_H
#define UNIT_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_MAX (64 * 1024)

/*
 * Returns a copy of bytes (at most GUARD_MAX) that ends at the end of readable memory: reading one
 * byte further is a crash. The copy is valid until the next call.
 */
static inline char *
guard_copy(const void *bytes, size_t len)
{
	static char *end;

	if (!end) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);
		char *map = mmap(NULL, GUARD_MAX + page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED || mprotect(map + GUARD_MAX, page, PROT_NONE) < 0)
			abort();
		end = map + GUARD_MAX;
	}
	if (len > GUARD_MAX)
		abort();
	if (len > 0)
		memcpy(end - len, bytes, len);
	return end - len;
}

#endif
