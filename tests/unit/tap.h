#ifndef UNIT_TAP_H
#define UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * The part of the Test Anything Protocol that the unit tests use. Each test program is one file,
 * which includes this. ok() and the other checks return true if the test passed; main returns
 * done().
 */
static struct {
	int count, failed;
} tap;

__attribute__((format(printf, 4, 5))) static bool
tap_ok(bool passed, const char *file, int line, const char *format, ...)
{
	va_list list;

	printf("%sok %d - ", passed ? "" : "not ", ++tap.count);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
	if (!passed) {
		tap.failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return passed;
}

#define ok(condition, ...) tap_ok((condition), __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...) \
	do { \
		long long tap_got = (long long)(got), tap_want = (long long)(want); \
		if (!ok(tap_got == tap_want, __VA_ARGS__)) \
			printf("# got %lld, want %lld\n", tap_got, tap_want); \
	} while (0)

#define is_str(got, want, ...) \
	do { \
		const char *tap_got = (got), *tap_want = (want); \
		if (!ok(tap_got && strcmp(tap_got, tap_want) == 0, __VA_ARGS__)) \
			printf("# got '%s', want '%s'\n", tap_got ? tap_got : "(null)", tap_want); \
	} while (0)

static inline int
done(void)
{
	printf("1..%d\n", tap.count);
	return tap.failed ? 1 : 0;
}

#endif
