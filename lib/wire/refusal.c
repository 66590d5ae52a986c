/*
 * Describes an HTTP answer that refuses a WebSocket request, for example from another server on a
 * wrong port, from a proxy, or from a full server. Malformed answers are accepted, because the
 * description is only shown to people.
 */
#include "wire/refusal.h"

#include <string.h>
#include <strings.h>

#include "text/show.h"
#include "text/span.h"

#define STATUS_MAX 40 /* these are the most bytes shown of each part */
#define SERVER_MAX 30
#define TARGET_MAX 60
#define QUOTE_MAX 70

static struct chat_span
take_line(struct chat_span *rest)
{
	const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	struct chat_span line = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
	size_t taken = end ? line.len + 1 : line.len;

	*rest = (struct chat_span){rest->at + taken, rest->len - taken};
	return chat_span_strip(line);
}

/* Returns the value of a header; empty if the head does not have this header. */
static struct chat_span
find_header(struct chat_span head, const char *name)
{
	size_t len = strlen(name);

	take_line(&head);
	while (head.len) {
		struct chat_span line = take_line(&head);

		if (line.len > len && strncasecmp(line.at, name, len) == 0 && line.at[len] == ':')
			return chat_span_strip(
				(struct chat_span){line.at + len + 1, line.len - len - 1});
	}
	return (struct chat_span){0};
}

/* Returns the text from the first such tag, without its '<'; .at is NULL if there is none. */
static struct chat_span
find_tag(struct chat_span page, const char *tag)
{
	size_t len = strlen(tag);

	for (; page.len > len; page = (struct chat_span){page.at + 1, page.len - 1})
		if (page.at[0] == '<' && strncasecmp(page.at + 1, tag, len) == 0)
			return (struct chat_span){page.at + 1, page.len - 1};
	return (struct chat_span){0};
}

/* Returns the text after <title>, up to </title> or the end of the bytes received. */
static struct chat_span
find_title(struct chat_span page)
{
	struct chat_span title = find_tag(page, "title"), end;
	const char *from = title.len ? memchr(title.at, '>', title.len) : NULL;

	if (!from)
		return (struct chat_span){0};
	title.len -= (size_t)(from + 1 - title.at);
	title.at = from + 1;
	end = find_tag(title, "/title");
	if (end.at)
		title.len = (size_t)(end.at - 1 - title.at);
	return chat_span_strip(title);
}

static bool
begins(struct chat_span text, const char *word)
{
	return text.len >= strlen(word) && strncasecmp(text.at, word, strlen(word)) == 0;
}

static bool
is_text(struct chat_span head)
{
	struct chat_span type = find_header(head, "Content-Type");

	return begins(type, "text/plain") || begins(type, "application/json");
}

/* Returns the Content-Length, or -1 if there is none or it is not a number. A number above
 * CHAT_REFUSAL_BODY_MAX may be cut. */
static long
length_of(struct chat_span head)
{
	struct chat_span text = find_header(head, "Content-Length");
	long length = text.len ? 0 : -1;

	for (size_t i = 0; i < text.len && length <= CHAT_REFUSAL_BODY_MAX; i++)
		if (text.at[i] >= '0' && text.at[i] <= '9')
			length = 10 * length + text.at[i] - '0';
		else
			return -1;
	return length;
}

bool
chat_refusal_is_whole(struct chat_span head, struct chat_span body)
{
	long length = length_of(head);

	return body.len >= CHAT_REFUSAL_BODY_MAX || (length >= 0 && body.len >= (size_t)length) ||
		find_tag(find_tag(body, "title"), "/title").at;
}

static void
show(struct chat_buf *out, struct chat_span text, size_t most)
{
	struct chat_buf shown = {.limit = most};

	chat_show(&shown, text);
	chat_buf_append_span(out, chat_buf_span(&shown));
	chat_buf_free(&shown);
}

void
chat_refusal_quote(struct chat_buf *out, struct chat_span text)
{
	struct chat_span line = take_line(&text);

	chat_buf_append_string(out, "\"");
	show(out, line, QUOTE_MAX);
	chat_buf_append_string(out, "\"");
}

void
chat_refusal_describe(struct chat_buf *out, struct chat_span head, struct chat_span body)
{
	struct chat_span rest = head, line = take_line(&rest), title;
	struct chat_span server = find_header(head, "Server");
	struct chat_span target = find_header(head, "Location");
	const char *status = memchr(line.at, ' ', line.len);

	if (status)
		line = chat_span_strip(
			(struct chat_span){status, (size_t)(line.at + line.len - status)});
	if (body.len > CHAT_REFUSAL_BODY_MAX)
		body.len = CHAT_REFUSAL_BODY_MAX;
	show(out, line, STATUS_MAX);
	if (target.len) {
		chat_buf_append_string(out, ", it is at ");
		show(out, target, TARGET_MAX);
	}
	if (server.len) {
		chat_buf_append_string(out, ", says ");
		show(out, server, SERVER_MAX);
	}
	title = is_text(head) ? chat_span_strip(body) : find_title(body);
	if (!title.len || target.len)
		return;
	chat_buf_append_string(out, ": ");
	chat_refusal_quote(out, title);
}
