/* Pages from anywhere can try to connect to a server on this machine; most must not. */
#include "serve/origin.h"

#include <string.h>
#include <strings.h>

struct authority {
	struct chat_span host; /* an IPv6 literal without brackets */
	struct chat_span port; /* empty: the scheme's */
};

static bool
same(struct chat_span a, struct chat_span b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static bool
authority_split(struct chat_span text, struct authority *authority)
{
	const char *end = text.at + text.len, *colon;

	if (!text.len)
		return false;
	if (*text.at == '[') {
		const char *close = memchr(text.at, ']', text.len);

		if (!close)
			return false;
		authority->host = (struct chat_span){text.at + 1, (size_t)(close - text.at - 1)};
		colon = close + 1;
		if (colon < end && *colon != ':')
			return false;
	} else {
		colon = memchr(text.at, ':', text.len);
		if (!colon)
			colon = end;
		authority->host = (struct chat_span){text.at, (size_t)(colon - text.at)};
	}
	authority->port = (struct chat_span){end, 0};
	if (colon < end)
		authority->port = (struct chat_span){colon + 1, (size_t)(end - colon - 1)};
	return authority->host.len > 0;
}

static bool
is_loopback(struct chat_span host)
{
	static const char v4[] = "127.";
	size_t digits = 0;

	if (same(host, CHAT_SPAN("localhost")) || same(host, CHAT_SPAN("::1")))
		return true;
	while (digits < host.len && strchr("0123456789.", host.at[digits]))
		digits++;
	return digits == host.len && host.len > 4 && memcmp(host.at, v4, 4) == 0;
}

bool
origin_allowed(struct chat_span origin, struct chat_span host, const struct chat_strings *listed)
{
	struct authority page, asked;
	struct chat_span rest, scheme_port;

	if (!origin.len)
		return true;
	for (size_t i = 0; i < listed->count; i++)
		if (same(origin, chat_span_of(listed->at[i])))
			return true;
	if (origin.len > 7 && strncasecmp(origin.at, "http://", 7) == 0) {
		rest = (struct chat_span){origin.at + 7, origin.len - 7};
		scheme_port = CHAT_SPAN("80");
	} else if (origin.len > 8 && strncasecmp(origin.at, "https://", 8) == 0) {
		rest = (struct chat_span){origin.at + 8, origin.len - 8};
		scheme_port = CHAT_SPAN("443");
	} else {
		return false;
	}
	if (!authority_split(rest, &page) || !authority_split(host, &asked))
		return false;
	if (is_loopback(page.host) && is_loopback(asked.host))
		return true;
	if (!page.port.len)
		page.port = scheme_port;
	if (!asked.port.len)
		asked.port = scheme_port;
	return same(page.host, asked.host) && same(page.port, asked.port);
}
