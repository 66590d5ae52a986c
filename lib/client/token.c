/* Reads a token from CHAT_TOKEN or from a file. */
#include "client/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/err.h"
#include "text/span.h"
#include "text/utf8.h"

#define TOKEN_MAX_BYTES 2048 /* so that init fits into 4 KiB */
#define FILE_MAX_BYTES 8192 /* with the blanks around the token */
#define MARK "\xef\xbb\xbf" /* byte-order mark */

/* Removes a byte-order mark and blanks. */
static struct chat_span
strip(struct chat_span text)
{
	size_t mark = strlen(MARK);

	if (text.len >= mark && memcmp(text.at, MARK, mark) == 0)
		text = (struct chat_span){text.at + mark, text.len - mark};
	return chat_span_strip(text);
}

/* Returns the first line that is not blank. */
static struct chat_span
first_line(struct chat_span text)
{
	const char *end;

	text = strip(text);
	end = text.len ? memchr(text.at, '\n', text.len) : NULL;
	return end ? strip((struct chat_span){text.at, (size_t)(end - text.at)}) : text;
}

/* Returns what is wrong with a token, or NULL. */
static const char *
flaw_of(struct chat_span token)
{
	if (token.len == 0)
		return "no token is in it";
	if (memchr(token.at, '\0', token.len) || chat_utf8_check(token.at, token.len) != token.len)
		return "not a token: not UTF-8";
	return token.len > TOKEN_MAX_BYTES ? "not a token: over 2048 bytes" : NULL;
}

char *
chat_token_take(struct chat_span text, struct chat_err *err)
{
	struct chat_span token = first_line(text);
	const char *flaw = flaw_of(token);

	if (!flaw)
		return chat_strndup(token.at, token.len);
	chat_fail(err, CHAT_USAGE, "%s", flaw);
	return NULL;
}

/* Reads at most size bytes of a file. Returns how many, or -1 with errno. */
static ssize_t
read_all(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	ssize_t got = 0;
	size_t len = 0;

	if (fd < 0)
		return -1;
	while (len < size &&
		((got = read(fd, to + len, size - len)) > 0 || (got < 0 && errno == EINTR)))
		len += got > 0 ? (size_t)got : 0;
	error = errno;
	close(fd);
	errno = error;
	return got < 0 ? -1 : (ssize_t)len;
}

char *
chat_token_read(const char *path, struct chat_err *err)
{
	char bytes[FILE_MAX_BYTES];
	ssize_t len = read_all(path, bytes, sizeof(bytes));
	char *token = NULL;

	if (len < 0) {
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, strerror(errno));
		return NULL;
	}
	token = chat_token_take((struct chat_span){bytes, (size_t)len}, err);
	if (!token)
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", path, err->text);
	return token;
}
