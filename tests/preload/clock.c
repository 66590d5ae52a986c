/*
 * Makes the time of day of a server wrong while a file exists. Environment:
 * CLOCK_AHEAD=file:seconds, the file and how far the clock is ahead.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct {
	char file[256];
	long seconds;
} ahead;

__attribute__((constructor)) static void
clock_open(void)
{
	const char *wanted = getenv("CLOCK_AHEAD");

	if (wanted && sscanf(wanted, "%255[^:]:%ld", ahead.file, &ahead.seconds) != 2)
		abort();
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (result == 0 && id == CLOCK_REALTIME && *ahead.file &&
		faccessat(AT_FDCWD, ahead.file, F_OK, 0) == 0)
		now->tv_sec += ahead.seconds;
	return result;
}
