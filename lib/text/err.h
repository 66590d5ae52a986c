#ifndef CHAT_TEXT_ERR_H
#define CHAT_TEXT_ERR_H

#include <stdarg.h>
#include <stddef.h>

#include "chat/err.h"

/*
 * Fills err, if it is not NULL, and returns -1, so that a caller can `return chat_fail(…)`. The
 * arguments may point into err: chat_fail(err, err->code, "%s: %s", name, err->text). A text that
 * is too long is cut between two code points. errno is unchanged; "%m" stands for its sentence.
 */
int chat_fail(struct chat_err *err, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As chat_fail, but set err->offset, which chat_fail sets to 0. */
int chat_fail_at(struct chat_err *err, enum chat_code code, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int chat_fail_list(struct chat_err *err, enum chat_code code, size_t offset, const char *format,
	va_list list) __attribute__((format(printf, 4, 0)));

#endif
