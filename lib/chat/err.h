#ifndef CHAT_ERR_H
#define CHAT_ERR_H

#include <stddef.h>

#include "chat/span.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The code of an error, in three groups after CHAT_OK. The first group is sent to peers
 * (chat-protocol(7), ERROR CODES). The second group names kinds of bad_json; the server sends
 * bad_json in their place. The third group is not sent. Later versions add codes after all of
 * these, so that no number changes.
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
	CHAT_CONNECTION_LOST, /* without a Close frame, or with 1011 or an unknown code */
	CHAT_CONNECTION_CLOSED, /* by a Close frame with 1000 or without a code */
	CHAT_TRY_LATER,
	CHAT_PROTOCOL_ERROR,
	CHAT_REFUSED, /* TLS verification failed, or a token or a name is wrong: do not retry */
	CHAT_TIMED_OUT,
	CHAT_INTERRUPTED,
	CHAT_IO_ERROR,
	CHAT_CANNOT_OPEN,
	CHAT_CANNOT_CREATE,
	CHAT_NO_MEMORY,

	CHAT_CODES
};

/*
 * An error. A function that can fail has a pointer to one as its last argument, which may be NULL,
 * and writes it only if it fails. An error owns no memory.
 */
struct chat_err {
	enum chat_code code;
	size_t offset; /* of the error in the input, in bytes; valid if the function says so, else 0
			*/
	char field[64]; /* a JSON Pointer (RFC 6901) to the wrong value; "": the whole message */
	char text[192]; /* an English sentence or clause, without full stop */
};

/* Returns the word of a code, such as "bad_json"; "ok" for CHAT_OK, "unknown" if it is no code. The
 * string is static. */
const char *chat_code_word(enum chat_code code);

/* Returns the code of the first group that has this word, or CHAT_OK. */
enum chat_code chat_code_find(struct chat_span word);

/*
 * Returns the code to send to peers: the code itself for the first group, bad_json for the second,
 * internal for the third.
 */
enum chat_code chat_code_wire(enum chat_code code);

#ifdef __cplusplus
}
#endif

#endif
