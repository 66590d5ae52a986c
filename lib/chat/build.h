#ifndef CHAT_BUILD_H
#define CHAT_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "chat/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Builds messages, of a client or of a server. The functions that set values do not fail: the first
 * error is kept, and chat_build_line returns it. Strings are copied.
 */
struct chat_build;

/* Returns a builder of messages of a type, or NULL if there is no memory or it is no type. */
struct chat_build *chat_build_new(enum chat_type type);
void chat_build_free(struct chat_build *build); /* NULL does nothing */

/*
 * Set the value of a property; a second value replaces the first. chat_build_string: a string with
 * a NUL at its end; if it is NULL, the property is left out. chat_build_text: as a span, which may
 * not contain U+0000. chat_build_json: any JSON, such as the array of `users` or `via`.
 */
void chat_build_string(struct chat_build *build, enum chat_slot slot, const char *string);
void chat_build_text(struct chat_build *build, enum chat_slot slot, struct chat_span text);
void chat_build_integer(struct chat_build *build, enum chat_slot slot, int64_t value);
void chat_build_boolean(struct chat_build *build, enum chat_slot slot, bool value);
void chat_build_json(struct chat_build *build, enum chat_slot slot, struct chat_span json);

/* Sets `file`: the name that receivers see, the media type, and the contents, not encoded. */
void chat_build_file(struct chat_build *build, const char *name, const char *type,
	const void *bytes, size_t size);

/*
 * Returns the message as one line of JSON without a newline, NUL-terminated; the caller must
 * free(3) it. Returns NULL with the first error: CHAT_BAD_UTF8; CHAT_NUL_CHARACTER;
 * CHAT_BAD_MESSAGE if a property is not one of this type; what chat_msg_read says about the
 * message; CHAT_NO_MEMORY. In both cases the builder then has no values, and can build the next
 * message of its type.
 */
char *chat_build_line(struct chat_build *build, struct chat_err *err);

#ifdef __cplusplus
}
#endif

#endif
