/* Lists of URLs: where one URL ends and the next one begins, and lists that are refused. */
#include "wire/url_list.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "text/buf.h"

/* Writes the URLs of a text with blanks between them, or the error. */
static const char *
read_list(const char *text, const char *channel)
{
	static char out[4096];
	struct chat_url_list urls;
	struct chat_err err;
	size_t len = 0;

	if (chat_url_list_parse(&urls, text, channel, &err) < 0) {
		ok(err.code == CHAT_USAGE && !urls.at, "'%.60s' is a usage error", text);
		return strcpy(out, err.text);
	}
	for (size_t i = 0; i < urls.count; i++)
		len += (size_t)snprintf(
			out + len, sizeof(out) - len, "%s%s", i ? " " : "", urls.at[i].text);
	chat_url_list_free(&urls);
	return out;
}

static void
test_good(void)
{
	static const struct {
		const char *text, *channel, *want;
	} cases[] = {
		{"ws://a", NULL, "ws://a/"},
		{"ws://a:1/,ws://b:2/", NULL, "ws://a:1/ ws://b:2/"},
		{"wss://a/ops,WSS://[::1]:9/ops,wss://a/ops", NULL,
			"wss://a/ops wss://[::1]:9/ops wss://a/ops"},
		{"ws://a,ws://b/", NULL, "ws://a/ ws://b/"},
		{"ws://a/x,ws://b/y", "ops", "ws://a/ops ws://b/ops"},
		{"ws://a/?rooms=1,2", NULL, "ws://a/?rooms=1,2"},
		{"ws://a/?rooms=1,2,ws://b/?x", NULL, "ws://a/?rooms=1,2 ws://b/?x"},
		{"ws://a/?x=,wS://b/", NULL, "ws://a/?x= ws://b/"},
		{"ws://a/?to=x%2Cws://b/", NULL, "ws://a/?to=x%2Cws://b/"},
		{"ws://a/?x,", NULL, "ws://a/?x,"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(read_list(cases[i].text, cases[i].channel), cases[i].want, "%s",
			cases[i].text);
}

static void
test_bad(void)
{
	is_str(read_list("ws://a/,", NULL), "URL 2 of 2: nothing is there", "a comma at the end");
	is_str(read_list(",ws://a/", NULL), "URL 1 of 2: nothing is there", "at the beginning");
	is_str(read_list("ws://a/,,ws://b/", NULL), "URL 2 of 3: nothing is there", "two commas");
	is_str(read_list("ws://a/, ws://b/", NULL),
		"URL 2 of 2: a URL holds no space and no control character", "a space");
	is_str(read_list("ws://a/,http://b/", NULL),
		"URL 2 of 2: a chat URL begins with ws://, not http://", "another scheme");
	is_str(read_list("ws://a/,ws://me:secret@b/", NULL),
		"URL 2 of 2: no user or password in a URL: command lines and logs show it to "
		"others",
		"a password");
	is_str(read_list("ws://a/ops,ws://b/", NULL),
		"the URLs of a list name one channel, not /ops and /", "two channels");
	is_str(read_list("wss://a/,ws://b/", NULL),
		"the URLs of a list are all wss:// or all ws://: a lost connection must not end "
		"the encryption",
		"one without TLS");
	is_str(read_list("http://b/", NULL), "a chat URL begins with ws://, not http://",
		"one URL alone has no number");
	is_str(read_list("", NULL), "a URL begins with ws:// or wss://, as in ws://localhost:3001/",
		"no URL");
	ok(strstr(read_list("ws://a/,ws://b/", "a b"), "no channel"), "a bad channel for all");
	is_int(chat_url_list_parse(&(struct chat_url_list){0}, "ws://a/,", NULL, NULL), -1,
		"without an err");
}

static void
test_most(void)
{
	struct chat_buf text = {0};
	struct chat_url_list urls;
	struct chat_err err;

	for (int i = 0; i < CHAT_URL_LIST_MOST; i++)
		chat_buf_printf(&text, "%sws://host%d/", i ? "," : "", i);
	chat_buf_append(&text, "", 1);
	is_int(chat_url_list_parse(&urls, text.at, NULL, &err), 0, "the most URLs");
	ok(chat_url_list_has(&urls, "ws://host15/") && !chat_url_list_has(&urls, "ws://host1"),
		"are found by their text");
	chat_url_list_free(&urls);
	chat_url_list_free(&urls);
	text.len--;
	chat_buf_append_string(&text, ",ws://one-more/");
	chat_buf_append(&text, "", 1);
	is_int(chat_url_list_parse(&urls, text.at, NULL, &err), -1, "and one more");
	is_str(err.text, "17 URLs: a list has at most 16", "is too many");
	chat_buf_free(&text);
}

int
main(void)
{
	test_good();
	test_bad();
	test_most();
	return done();
}
