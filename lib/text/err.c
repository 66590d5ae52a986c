/*
 * Errors as values: a code for programs and a sentence for people. A function that fails fills the
 * caller's struct chat_err. Only the commands print errors, and only the server sends them.
 */
#include "text/err.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text/span.h"

static const char *const words[CHAT_CODES] = {
	[CHAT_OK] = "ok",

	[CHAT_BAD_UTF8] = "bad_utf8",
	[CHAT_BAD_JSON] = "bad_json",
	[CHAT_DUPLICATE_KEY] = "duplicate_key",
	[CHAT_BAD_MESSAGE] = "bad_message",
	[CHAT_UNKNOWN_TYPE] = "unknown_type",
	[CHAT_NOT_INITIALIZED] = "not_initialized",
	[CHAT_ALREADY_INITIALIZED] = "already_initialized",
	[CHAT_BAD_USERNAME] = "bad_username",
	[CHAT_USERNAME_TAKEN] = "username_taken",
	[CHAT_ID_TAKEN] = "id_taken",
	[CHAT_UNAUTHORIZED] = "unauthorized",
	[CHAT_BAD_BASE64] = "bad_base64",
	[CHAT_TEXT_TOO_LONG] = "text_too_long",
	[CHAT_TEXT_EMPTY] = "text_empty",
	[CHAT_TOO_LARGE] = "too_large",
	[CHAT_NONCE_REUSED] = "nonce_reused",
	[CHAT_RATE_LIMITED] = "rate_limited",
	[CHAT_CHANNEL_FULL] = "channel_full",
	[CHAT_SERVER_FULL] = "server_full",
	[CHAT_SLOW_CONSUMER] = "slow_consumer",
	[CHAT_STORAGE_FAILED] = "storage_failed",
	[CHAT_UNAVAILABLE] = "unavailable",
	[CHAT_SHUTTING_DOWN] = "shutting_down",
	[CHAT_INTERNAL] = "internal",

	[CHAT_BYTE_ORDER_MARK] = "byte_order_mark",
	[CHAT_LONE_SURROGATE] = "lone_surrogate",
	[CHAT_NUL_CHARACTER] = "nul_character",
	[CHAT_TRAILING_DATA] = "trailing_data",
	[CHAT_TOO_DEEP] = "too_deep",

	[CHAT_USAGE] = "usage",
	[CHAT_UNKNOWN_HOST] = "unknown_host",
	[CHAT_CANNOT_CONNECT] = "cannot_connect",
	[CHAT_CONNECTION_LOST] = "connection_lost",
	[CHAT_CONNECTION_CLOSED] = "connection_closed",
	[CHAT_TRY_LATER] = "try_later",
	[CHAT_PROTOCOL_ERROR] = "protocol_error",
	[CHAT_REFUSED] = "refused",
	[CHAT_TIMED_OUT] = "timed_out",
	[CHAT_INTERRUPTED] = "interrupted",
	[CHAT_IO_ERROR] = "io_error",
	[CHAT_CANNOT_OPEN] = "cannot_open",
	[CHAT_CANNOT_CREATE] = "cannot_create",
	[CHAT_NO_MEMORY] = "no_memory",
};

/* Returns the largest length up to len that does not cut a code point. text[len] must be readable.
 */
static size_t
cut_at_point(const char *text, size_t len)
{
	while (len > 0 && (text[len] & 0xC0) == 0x80)
		len--;
	return len;
}

static bool
takes_strings_alone(const char *format)
{
	while ((format = strchr(format, '%')))
		if (*++format != 's')
			return false;
	return true;
}

/* As vsnprintf, but faster if %s is the only conversion: a log can contain millions of errors. If
 * it is, returns the length written; a text that is too long is cut. */
static size_t
text_print(char *text, size_t size, const char *format, va_list list)
{
	const char *end = text + size - 1, *hole;
	char *at = text;
	int wanted;

	if (!takes_strings_alone(format)) {
		wanted = vsnprintf(text, size, format, list);
		return wanted < 0 ? 0 : (size_t)wanted;
	}
	for (;;) {
		hole = strchrnul(format, '%');
		at = chat_span_put(at, end, (struct chat_span){format, (size_t)(hole - format)});
		if (*hole == '\0')
			break;
		at = chat_span_put(at, end, chat_span_of(va_arg(list, const char *)));
		format = hole + strlen("%s");
	}
	*at = '\0';
	return (size_t)(at - text);
}

int
chat_fail_list(
	struct chat_err *err, enum chat_code code, size_t offset, const char *format, va_list list)
{
	char text[sizeof(err->text) + 1]; /* a copy, because err->text may be an argument */
	size_t max = sizeof(err->text) - 1, len;
	int saved_errno = errno;

	if (!err)
		return -1;
	len = text_print(text, sizeof(text), format, list);
	if (len > max)
		len = cut_at_point(text, max);
	err->code = code;
	err->offset = offset;
	err->field[0] = '\0';
	memcpy(err->text, text, len);
	err->text[len] = '\0';
	errno = saved_errno;
	return -1;
}

int
chat_fail(struct chat_err *err, enum chat_code code, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	chat_fail_list(err, code, 0, format, list);
	va_end(list);
	return -1;
}

int
chat_fail_at(struct chat_err *err, enum chat_code code, size_t offset, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	chat_fail_list(err, code, offset, format, list);
	va_end(list);
	return -1;
}

const char *
chat_code_word(enum chat_code code)
{
	return (unsigned)code < CHAT_CODES ? words[code] : "unknown";
}

enum chat_code
chat_code_find(struct chat_span word)
{
	for (enum chat_code code = CHAT_OK + 1; code <= CHAT_INTERNAL; code++)
		if (chat_span_equal(word, chat_span_of(words[code])))
			return code;
	return CHAT_OK;
}

enum chat_code
chat_code_wire(enum chat_code code)
{
	if (code <= CHAT_INTERNAL)
		return code;
	return code <= CHAT_TOO_DEEP ? CHAT_BAD_JSON : CHAT_INTERNAL;
}
