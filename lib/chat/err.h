#ifndef CHAT_ERR_H
#define CHAT_ERR_H

#include <stdarg.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * The code of an error. Codes of the first group are sent to peers (chat-protocol(7), ERROR CODES);
 * those of the second are more exact forms of bad_json, which is sent instead; those of the third
 * stay in the process.
 */
enum chat_code {
	CHAT_OK,

	CHAT_BAD_UTF8,
	CHAT_BAD_JSON,
	CHAT_DUPLICATE_KEY,
	CHAT_BAD_MESSAGE,
	CHAT_UNKNOWN_TYPE,
	CHAT_NOT_INITIALIZED,
	CHAT_ALREADY_INITIALIZED,
	CHAT_BAD_USERNAME,
	CHAT_USERNAME_TAKEN,
	CHAT_ID_TAKEN,
	CHAT_UNAUTHORIZED,
	CHAT_BAD_BASE64,
	CHAT_TEXT_TOO_LONG,
	CHAT_TEXT_EMPTY,
	CHAT_TOO_LARGE,
	CHAT_NONCE_REUSED,
	CHAT_RATE_LIMITED,
	CHAT_CHANNEL_FULL,
	CHAT_SERVER_FULL,
	CHAT_SLOW_CONSUMER,
	CHAT_STORAGE_FAILED,
	CHAT_UNAVAILABLE,
	CHAT_SHUTTING_DOWN,
	CHAT_INTERNAL,

	CHAT_BYTE_ORDER_MARK,
	CHAT_LONE_SURROGATE,
	CHAT_NUL_CHARACTER,
	CHAT_TRAILING_DATA,
	CHAT_TOO_DEEP,

	CHAT_USAGE,
	CHAT_UNKNOWN_HOST,
	CHAT_CANNOT_CONNECT,
	CHAT_CONNECTION_LOST, /* without a Close frame, or with another code than 1000 */
	CHAT_CONNECTION_CLOSED, /* by a Close frame, 1000 */
	CHAT_TRY_LATER,
	CHAT_PROTOCOL_ERROR,
	CHAT_REFUSED, /* because of TLS verification, a token or a name; a retry would fail too */
	CHAT_TIMED_OUT,
	CHAT_INTERRUPTED,
	CHAT_IO_ERROR,
	CHAT_CANNOT_OPEN,
	CHAT_CANNOT_CREATE,

	CHAT_CODES
};

/*
 * An error. Functions that can fail take a pointer to the caller's as their last argument, or NULL
 * if the caller does not need it. They write it only on failure. It owns no memory.
 */
struct chat_err {
	enum chat_code code;
	size_t offset; /* of the error in the input, in bytes; valid if the function says so */
	char field[64]; /* a JSON Pointer (RFC 6901) to the wrong value; "": the whole message */
	char text[192]; /* an English sentence or clause, without full stop, without parts of the
			   input */
};

/*
 * Fills err, which may be NULL, and returns -1, so that a caller can `return chat_fail(…)`. The
 * arguments may point into err: chat_fail(err, err->code, "%s: %s", name, err->text). A text that
 * is too long is cut between two code points. errno is kept; "%m" gives its sentence.
 */
int chat_fail(struct chat_err *err, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, and sets err->offset; the second takes the arguments as a va_list. */
int chat_fail_at(struct chat_err *err, enum chat_code code, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int chat_fail_list(struct chat_err *err, enum chat_code code, size_t offset, const char *format,
	va_list list) __attribute__((format(printf, 4, 0)));

/* Returns the word of a code in lower_snake form, "ok" for CHAT_OK. Static. */
const char *chat_code_word(enum chat_code code);

/* Returns the code of the word in an error message, or CHAT_OK if the word is unknown. */
enum chat_code chat_code_find(struct chat_span word);

/*
 * Returns the code that is sent to peers for this one: bad_json for the second group, internal for
 * the third.
 */
enum chat_code chat_code_wire(enum chat_code code);

#endif
