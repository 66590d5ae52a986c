/*
 * Any text as a URL, a channel and the values of options: an accepted value is within its bounds,
 * and is the same after it was written and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/units.h"
#include "fuzz.h"
#include "wire/url_list.h"

static void
check_url(const char *text)
{
	struct chat_err err = {.code = CHAT_OK};
	char written[CHAT_URL_MAX];
	struct chat_url url, again;

	if (chat_url_parse(&url, text, &err) < 0) {
		need(err.code == CHAT_USAGE && *err.text);
		return;
	}
	need(url.port >= 1 && url.port <= 65535 && *url.host);
	need(chat_channel_valid(chat_span_of(url.channel)));
	chat_url_format(&url, written, sizeof(written));
	need(!strpbrk(written, " \r\n\t"));
	need(chat_url_parse(&again, written, &err) == 0);
	need(url.tls == again.tls && url.port == again.port && strcmp(url.host, again.host) == 0 &&
		strcmp(url.channel, again.channel) == 0 && strcmp(url.query, again.query) == 0);
	if (chat_url_set_channel(&url, text, &err) == 0)
		need(chat_channel_valid(chat_span_of(url.channel)));
}

static void
check_list(const char *text)
{
	struct chat_err err = {.code = CHAT_OK};
	struct chat_url_list urls;

	if (chat_url_list_parse(&urls, text, NULL, &err) < 0) {
		need(err.code == CHAT_USAGE && *err.text && !urls.at);
		return;
	}
	need(urls.count >= 1 && urls.count <= CHAT_URL_LIST_MOST);
	for (size_t i = 0; i < urls.count; i++) {
		need(chat_url_list_has(&urls, urls.at[i].text));
		need(strcmp(urls.at[i].url.channel, urls.at[0].url.channel) == 0);
		need(urls.at[i].url.tls == urls.at[0].url.tls);
	}
	chat_url_list_free(&urls);
}

static void
check_values(const char *text)
{
	int64_t value, again;
	char written[32];

	if (chat_integer_read(&value, text, NULL) == 0) {
		snprintf(written, sizeof(written), "%lld", (long long)value);
		need(chat_integer_read(&again, written, NULL) == 0 && again == value);
	}
	if (chat_duration_read(&value, text, NULL) == 0) {
		need(value >= 0);
		snprintf(written, sizeof(written), "%lldms", (long long)value);
		need(chat_duration_read(&again, written, NULL) == 0 && again == value);
	}
	if (chat_size_read(&value, text, NULL) == 0) {
		need(value >= 0);
		snprintf(written, sizeof(written), "%lld", (long long)value);
		need(chat_size_read(&again, written, NULL) == 0 && again == value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	chat_channel_valid((struct chat_span){(const char *)data, size});
	check_url(text);
	check_list(text);
	check_values(text);
	free(text);
	return 0;
}
