/*
 * Parses the URLs that a client tries in turn. They name one channel: a list with two channels is a
 * mistake, which would show only after the loss of the first server.
 */
#include "wire/url_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/buf.h"
#include "text/err.h"

static bool
begins_url(const char *text)
{
	return strncasecmp(text, "ws://", strlen("ws://")) == 0 ||
		strncasecmp(text, "wss://", strlen("wss://")) == 0;
}

/* Returns the length of the first URL of a text, up to its comma or the end. */
static size_t
first_len(const char *text)
{
	bool in_query = false;
	size_t len = 0;

	for (; text[len]; len++) {
		in_query |= text[len] == '?';
		if (text[len] == ',' && (!in_query || begins_url(text + len + 1)))
			break;
	}
	return len;
}

/* Returns the number of URLs that the commas of a text make. */
static size_t
count_urls(const char *text)
{
	size_t count = 1;

	for (text += first_len(text); *text; text += first_len(text)) {
		text++; /* the comma */
		count++;
	}
	return count;
}

/* Parses the URL of a list with this number, from 1 on, in these bytes of a text. */
static int
parse_one(struct chat_url_list *list, size_t number, struct chat_span text, const char *channel,
	struct chat_err *err)
{
	struct chat_listed_url *listed = &list->at[number - 1];
	char *string = chat_strndup(text.at, text.len);
	struct chat_err why;
	int failed = chat_url_parse(&listed->url, string, &why);

	free(string);
	if (failed && list->count == 1) {
		if (err)
			*err = why;
		return -1;
	}
	if (failed)
		return chat_fail_at(err, why.code, why.offset, "URL %zu of %zu: %s", number,
			list->count, text.len ? why.text : "nothing is there");
	if (channel && chat_url_set_channel(&listed->url, channel, err) < 0)
		return -1;
	chat_url_format(&listed->url, listed->text, sizeof(listed->text));
	return 0;
}

/* Refuses a URL that does not agree with the first one of its list. */
static int
check_one(const struct chat_url *first, const struct chat_url *url, struct chat_err *err)
{
	if (strcmp(first->channel, url->channel) != 0)
		return chat_fail(err, CHAT_USAGE,
			"the URLs of a list name one channel, not %s and %s", first->channel,
			url->channel);
	if (first->tls != url->tls)
		return chat_fail(err, CHAT_USAGE,
			"the URLs of a list are all wss:// or all ws://: a lost connection must "
			"not end the encryption");
	return 0;
}

static int
parse_all(struct chat_url_list *list, const char *text, const char *channel, struct chat_err *err)
{
	for (size_t i = 0, len; i < list->count; i++, text += len + 1) {
		len = first_len(text);
		if (parse_one(list, i + 1, (struct chat_span){text, len}, channel, err) < 0 ||
			check_one(&list->at[0].url, &list->at[i].url, err) < 0)
			return -1;
	}
	return 0;
}

int
chat_url_list_parse(
	struct chat_url_list *list, const char *text, const char *channel, struct chat_err *err)
{
	size_t count = count_urls(text);

	*list = (struct chat_url_list){0};
	if (count > CHAT_URL_LIST_MOST)
		return chat_fail(err, CHAT_USAGE, "%zu URLs: a list has at most %d", count,
			CHAT_URL_LIST_MOST);
	list->at = chat_alloc_zeroed(count, sizeof(*list->at));
	list->count = count;
	if (parse_all(list, text, channel, err) == 0)
		return 0;
	chat_url_list_free(list);
	return -1;
}

void
chat_url_list_free(struct chat_url_list *list)
{
	free(list->at);
	*list = (struct chat_url_list){0};
}

bool
chat_url_list_has(const struct chat_url_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->at[i].text, text) == 0)
			return true;
	return false;
}
