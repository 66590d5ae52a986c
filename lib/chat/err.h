#ifndef CHAT_ERR_H
#define CHAT_ERR_H

#include <stdarg.h>
#include <stddef.h>

#include "chat/span.h"

/*
 * What went wrong, as a word. The first group are the words of the wire (chat-protocol(7), ERROR
 * CODES); the second names a flaw of the JSON text more exactly (on the wire: bad_json); the third
 * never leaves the process that met it.
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
	CHAT_CONNECTION_LOST, /* without a Close frame, or with one that says "not done" */
	CHAT_CONNECTION_CLOSED, /* by a Close frame, 1000 */
	CHAT_TRY_LATER,
	CHAT_PROTOCOL_ERROR,
	CHAT_REFUSED, /* by TLS verification, a token or a name: trying again is useless */
	CHAT_TIMED_OUT,
	CHAT_INTERRUPTED,
	CHAT_IO_ERROR,
	CHAT_CANNOT_OPEN,
	CHAT_CANNOT_CREATE,

	CHAT_CODES
};

/*
 * An error, in the hands of the caller who wants to know. Functions that can fail take one last;
 * NULL says that the caller does not. It is written on failure only and owns nothing.
 */
struct chat_err {
	enum chat_code code;
	size_t offset; /* bytes from the start of the input to the place meant */
	char field[64]; /* JSON Pointer (RFC 6901) to the value meant, "" for the whole */
	char text[192]; /* an English sentence or clause, no full stop, no input echoed */
};

/*
 * Fills err (may be NULL) and returns -1, so that a caller can `return chat_fail(…)`. The arguments
 * may point into err itself: chat_fail(err, err->code, "%s: %s", name, err->text). Too long a text
 * is cut between code points. errno is kept; "%m" is its sentence.
 */
int chat_fail(struct chat_err *err, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same about the byte at offset; and with its arguments in a list. */
int chat_fail_at(struct chat_err *err, enum chat_code code, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int chat_fail_list(struct chat_err *err, enum chat_code code, size_t offset, const char *format,
	va_list list) __attribute__((format(printf, 4, 0)));

/* The stable lower_snake word of a code; "ok" for CHAT_OK. Static. */
const char *chat_code_word(enum chat_code code);

/* The code of a word of the wire, as an error message carries it; CHAT_OK where there is none. */
enum chat_code chat_code_find(struct chat_span word);

/*
 * The code that stands for this one on the wire (chat-protocol(7), ERROR CODES): the finer JSON
 * codes give bad_json, those of the third group internal.
 */
enum chat_code chat_code_wire(enum chat_code code);

#endif
