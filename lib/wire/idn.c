/*
 * International host names. People type and read them in Unicode, but DNS, certificates and the
 * Host header use their ASCII form. The only file that uses libidn2.
 */
#include "wire/idn.h"

#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#include "text/buf.h"
#include "text/err.h"
#include "text/utf8.h"

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c | 0x20);

	return c != '\0' && at ? (int)(at - digits) : -1;
}

/* Appends a host name with its escapes decoded. Escapes are of bytes that are not ASCII, because
 * chat_url_parse refuses others. */
static void
unescape(struct chat_buf *out, const char *host)
{
	for (; *host; host++) {
		int high = *host == '%' ? hex_digit(host[1]) : -1;
		int low = high >= 8 ? hex_digit(host[2]) : -1;
		char byte = low >= 0 ? (char)(high << 4 | low) : *host;

		chat_buf_append(out, &byte, 1);
		host += low >= 0 ? 2 : 0;
	}
	chat_buf_append(out, "", 1);
}

static int
copy_name(char *ascii, size_t size, const char *name, struct chat_err *err)
{
	size_t len = strlen(name);

	if (len >= size)
		return chat_fail(err, CHAT_USAGE, "the host name is too long");
	memcpy(ascii, name, len + 1);
	return 0;
}

static bool
is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text > '~')
			return false;
	return true;
}

static int
convert(char *ascii, size_t size, const char *name, struct chat_err *err)
{
	char *converted;
	int status = idn2_to_ascii_8z(name, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (status != IDN2_OK)
		return chat_fail(err, CHAT_USAGE, "not a host name: %s", idn2_strerror(status));
	status = strchr(converted, '%')
		? chat_fail(err, CHAT_USAGE, "not a host name: an escape in it")
		: copy_name(ascii, size, converted, err);
	idn2_free(converted);
	return status;
}

int
chat_idn_to_ascii(char *ascii, size_t size, const char *host, struct chat_err *err)
{
	struct chat_buf name = {0};
	int status = 0;

	if (*host == '[' || (is_ascii(host) && !strchr(host, '%')))
		return copy_name(ascii, size, host, err);
	unescape(&name, host);
	if (strlen(name.at) + 1 != name.len || chat_utf8_check(name.at, name.len) != name.len)
		status = chat_fail(err, CHAT_USAGE, "a host name's escapes are not UTF-8");
	else
		status = convert(ascii, size, name.at, err);
	chat_buf_free(&name);
	return status;
}
