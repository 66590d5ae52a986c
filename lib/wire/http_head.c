/*
 * Lines, headers and words of HTTP heads. The rules are strict against request smuggling through
 * proxies (RFC 9112 section 11): lines must end with CRLF, names must be tokens, lines must not be
 * folded, and some headers must not be repeated.
 */
#include "wire/http_head.h"

#include <string.h>

#include "text/ascii.h"
#include "wire/http.h"

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{101, "Switching Protocols"},
	{200, "OK"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

size_t
chat_http_head_len(struct chat_span bytes, size_t *scanned)
{
	size_t from = *scanned < 3 ? 0 : *scanned - 3; /* "\r\n\r\n" may begin in the old bytes */
	const char *end = NULL;

	if (bytes.len > from)
		end = memmem(bytes.at + from, bytes.len - from, "\r\n\r\n", 4);
	*scanned = bytes.len;
	return !end ? 0 : (size_t)(end - bytes.at) + 4;
}

const char *
chat_http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

bool
chat_http_is_token_char(char c)
{
	return chat_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
chat_http_is_host_char(char c)
{
	return chat_is_alnum(c) || (c != '\0' && strchr("-._~!$&'()*+,;=%:[]", c) != NULL);
}

bool
chat_http_is_target_char(char c)
{
	return c > ' ' && c < 0x7f && c != '#';
}

bool
chat_http_is_value_char(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

bool
chat_http_all(struct chat_span text, bool is(char))
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is(text.at[i]))
			return false;
	}
	return true;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
chat_http_same_word(struct chat_span a, struct chat_span b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	while (i < a.len && lower(a.at[i]) == lower(b.at[i]))
		i++;
	return i == a.len;
}

struct chat_span
chat_http_take_until(struct chat_span *text, char separator)
{
	const char *end = text->len == 0 ? NULL : memchr(text->at, separator, text->len);
	struct chat_span before = {text->at, !end ? text->len : (size_t)(end - text->at)};
	size_t taken = before.len + (end != NULL);

	text->at += taken;
	text->len -= taken;
	return before;
}

static struct chat_span
trim(struct chat_span text)
{
	while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Returns true if a comma-separated list contains this word. */
static bool
list_has(struct chat_span list, struct chat_span word)
{
	while (list.len > 0) {
		if (chat_http_same_word(trim(chat_http_take_until(&list, ',')), word))
			return true;
	}
	return false;
}

int
chat_http_take_line(struct chat_span *head, struct chat_span *line)
{
	bool ended = head->len > 0 && memchr(head->at, '\n', head->len) != NULL;

	*line = chat_http_take_until(head, '\n');
	if (!ended || line->len == 0 || line->at[line->len - 1] != '\r')
		return -1;
	line->len--;
	return 0;
}

int
chat_http_take_header(struct chat_span *head, struct chat_http_header *header)
{
	struct chat_span line;

	if (chat_http_take_line(head, &line) != 0)
		return -1;
	if (line.len == 0)
		return head->len == 0 ? 0 : -1;
	if (!memchr(line.at, ':', line.len))
		return -1;
	header->name = chat_http_take_until(&line, ':');
	header->value = trim(line);
	if (header->name.len == 0 || !chat_http_all(header->name, chat_http_is_token_char) ||
		!chat_http_all(header->value, chat_http_is_value_char))
		return -1;
	return 1;
}

bool
chat_http_is_named(const struct chat_http_header *header, const char *name)
{
	return chat_http_same_word(header->name, chat_span_of(name));
}

int
chat_http_take_once(struct chat_span *into, const struct chat_http_header *header)
{
	if (into->at)
		return -1;
	*into = header->value;
	return 0;
}

void
chat_http_note_upgrade(struct chat_http_upgrade *upgrade, const struct chat_http_header *header)
{
	if (chat_http_is_named(header, "Upgrade"))
		upgrade->websocket |= list_has(header->value, CHAT_SPAN("websocket"));
	if (chat_http_is_named(header, "Connection"))
		upgrade->connection |= list_has(header->value, CHAT_SPAN("upgrade"));
}

int
chat_http_read_version(struct chat_span version, int *minor)
{
	if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
		!chat_is_digit(version.at[5]) || !chat_is_digit(version.at[7]))
		return 400;
	*minor = version.at[7] - '0';
	return version.at[5] == '1' ? 0 : 505;
}
