/*
 * Parses WebSocket URLs that people type, and checks channels, which are the paths of URLs. Server
 * and clients use the same rule for channels.
 */
#include "wire/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text/err.h"
#include "text/utf8.h"

#define DIGITS "0123456789"
#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS
#define PORT_MAX 65535

static bool
in_set(char character, const char *set)
{
	return character != '\0' && strchr(set, character);
}

static bool
span_of_set(struct chat_span span, const char *set)
{
	for (size_t i = 0; i < span.len; i++)
		if (!in_set(span.at[i], set))
			return false;
	return true;
}

static struct chat_span
span_without_front(struct chat_span span, size_t len)
{
	return (struct chat_span){span.at + len, span.len - len};
}

/* Removes the bytes before the first character of `set`, and returns them; all bytes if there is no
 * such character. */
static struct chat_span
take_until(struct chat_span *rest, const char *set)
{
	struct chat_span part = {rest->at, 0};

	while (part.len < rest->len && !in_set(rest->at[part.len], set))
		part.len++;
	*rest = span_without_front(*rest, part.len);
	return part;
}

static bool
segment_valid(struct chat_span segment)
{
	return segment.len > 0 && !chat_span_equal(segment, CHAT_SPAN(".")) &&
		!chat_span_equal(segment, CHAT_SPAN("..")) &&
		span_of_set(segment, ALPHANUMERIC "._~-");
}

bool
chat_channel_valid(struct chat_span path)
{
	struct chat_span rest = path;

	if (path.len == 0 || path.len > CHAT_CHANNEL_MAX || path.at[0] != '/')
		return false;
	if (path.len == 1)
		return true;
	do {
		rest = span_without_front(rest, 1);
		if (!segment_valid(take_until(&rest, "/")))
			return false;
	} while (rest.len > 0);
	return true;
}

static bool
starts_with(struct chat_span span, const char *prefix)
{
	return span.len >= strlen(prefix) && strncasecmp(span.at, prefix, strlen(prefix)) == 0;
}

/* Refuses spaces and control characters, which a request line cannot contain. Bytes that are not
 * ASCII are checked later: only the host may have them. */
static int
check_bytes(struct chat_span text, struct chat_err *err)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			return chat_fail_at(err, CHAT_USAGE, i,
				"a URL holds no space and no control character");
	return 0;
}

static bool
is_ascii(struct chat_span span)
{
	for (size_t i = 0; i < span.len; i++)
		if ((unsigned char)span.at[i] > '~')
			return false;
	return true;
}

/* Returns true if the text begins with the escape of a byte that is not ASCII. Escapes of ASCII
 * characters are not allowed in a host. */
static bool
is_escape(struct chat_span rest)
{
	return rest.len >= 3 && in_set(rest.at[1], "89abcdefABCDEF") &&
		in_set(rest.at[2], DIGITS "abcdefABCDEF");
}

/* Checks a host name (RFC 3986 section 3.2.2), which may have letters of any language. */
static bool
name_valid(struct chat_span name)
{
	if (chat_utf8_check(name.at, name.len) != name.len)
		return false;
	for (size_t i = 0, len; i < name.len; i += len) {
		uint32_t point = chat_utf8_decode(name.at + i, &len);

		if (point == '%' && !is_escape(span_without_front(name, i)))
			return false;
		if (point < 0x80 ? !in_set(name.at[i], ALPHANUMERIC "-._~!$&'()*+,;=%")
				 : chat_utf8_is_control(point) || chat_utf8_is_invisible(point))
			return false;
	}
	return true;
}

static int
parse_scheme(struct chat_url *url, struct chat_span *rest, struct chat_err *err)
{
	if (starts_with(*rest, "ws://")) {
		*rest = span_without_front(*rest, strlen("ws://"));
		return 0;
	}
	if (starts_with(*rest, "wss://")) {
		url->tls = true;
		*rest = span_without_front(*rest, strlen("wss://"));
		return 0;
	}
	if (starts_with(*rest, "http://"))
		return chat_fail(err, CHAT_USAGE, "a chat URL begins with ws://, not http://");
	if (starts_with(*rest, "https://"))
		return chat_fail(err, CHAT_USAGE, "a chat URL begins with wss://, not https://");
	return chat_fail(
		err, CHAT_USAGE, "a URL begins with ws:// or wss://, as in ws://localhost:3001/");
}

static int
fail_ipv6(struct chat_err *err)
{
	return chat_fail(err, CHAT_USAGE, "no IPv6 address in the brackets");
}

/*
 * Checks the text between the brackets: an IPv6 address, with or without %zone. Each interface has
 * its own link-local addresses, so such an address needs a zone.
 */
static int
ipv6_check(struct chat_span literal, struct chat_err *err)
{
	struct chat_span address = take_until(&literal, "%");
	char text[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (address.len >= sizeof(text))
		return fail_ipv6(err);
	memcpy(text, address.at, address.len);
	text[address.len] = '\0';
	if (inet_pton(AF_INET6, text, &parsed) != 1)
		return fail_ipv6(err);
	if (literal.len == 0 && IN6_IS_ADDR_LINKLOCAL(&parsed))
		return chat_fail(err, CHAT_USAGE,
			"a link-local address is written with its interface: [%s%%eth0]", text);
	if (literal.len == 1 || !span_of_set(literal, ALPHANUMERIC "._-%"))
		return fail_ipv6(err);
	return 0;
}

/* Stores the host and removes it from the front of host[:port]. */
static int
parse_host(struct chat_url *url, struct chat_span *rest, struct chat_err *err)
{
	struct chat_span host;

	if (rest->len > 0 && rest->at[0] == '[') {
		host = take_until(rest, "]");
		if (rest->len == 0)
			return fail_ipv6(err);
		if (ipv6_check(span_without_front(host, 1), err) < 0)
			return -1;
		*rest = span_without_front(*rest, 1);
		host.len++;
	} else {
		host = take_until(rest, ":");
		if (rest->len > 1 && memchr(rest->at + 1, ':', rest->len - 1))
			return chat_fail(err, CHAT_USAGE,
				"an IPv6 address stands in brackets: ws://[::1]:3001/");
		if (host.len == 0)
			return chat_fail(err, CHAT_USAGE, "the URL names no host");
		if (!name_valid(host))
			return chat_fail(err, CHAT_USAGE,
				"a host name holds letters, digits, '.', '-' and '_'");
	}
	if (host.len >= sizeof(url->host))
		return chat_fail(err, CHAT_USAGE, "the host name is longer than %zu bytes",
			sizeof(url->host) - 1);
	memcpy(url->host, host.at, host.len);
	return 0;
}

/* Reads the text after the host: nothing, or a colon and a port. */
static int
parse_port(struct chat_url *url, struct chat_span rest, struct chat_err *err)
{
	unsigned port = 0;

	if (rest.len == 0) {
		url->port = url->tls ? 443 : 80;
		return 0;
	}
	if (rest.at[0] != ':')
		return chat_fail(err, CHAT_USAGE, "only a port can follow the host");
	rest = span_without_front(rest, 1);
	if (rest.len > 0 && rest.len <= 5 && span_of_set(rest, DIGITS))
		for (size_t i = 0; i < rest.len; i++)
			port = port * 10 + (unsigned)(rest.at[i] - '0');
	if (port == 0 || port > PORT_MAX)
		return chat_fail(err, CHAT_USAGE, "a port is a number from 1 to %d", PORT_MAX);
	url->port = port;
	return 0;
}

static int
parse_authority(struct chat_url *url, struct chat_span authority, struct chat_err *err)
{
	if (memchr(authority.at, '@', authority.len))
		return chat_fail(err, CHAT_USAGE,
			"no user or password in a URL: command lines and logs show it to others");
	if (parse_host(url, &authority, err) < 0)
		return -1;
	return parse_port(url, authority, err);
}

static int
set_channel(struct chat_url *url, struct chat_span path, struct chat_err *err)
{
	if (!chat_channel_valid(path))
		return chat_fail(err, CHAT_USAGE,
			"no channel: '/' and at most %d of letters, digits and . _ ~ - /, no "
			"segment "
			"empty, '.' or '..'",
			CHAT_CHANNEL_MAX - 1);
	memcpy(url->channel, path.at, path.len);
	url->channel[path.len] = '\0';
	return 0;
}

/* Reads the text after the authority: the path and the query. */
static int
parse_target(struct chat_url *url, struct chat_span target, struct chat_err *err)
{
	struct chat_span path = take_until(&target, "?");

	if (path.len == 0)
		path = CHAT_SPAN("/");
	if (set_channel(url, path, err) < 0)
		return -1;
	if (!is_ascii(target))
		return chat_fail(err, CHAT_USAGE, "a query holds no letter beyond ASCII");
	if (target.len >= sizeof(url->query))
		return chat_fail(err, CHAT_USAGE, "the query is longer than %zu bytes",
			sizeof(url->query) - 1);
	memcpy(url->query, target.at, target.len);
	return 0;
}

int
chat_url_parse(struct chat_url *url, const char *text, struct chat_err *err)
{
	struct chat_url parsed = {.tls = false};
	struct chat_span rest = chat_span_of(text);

	if (check_bytes(rest, err) < 0 || parse_scheme(&parsed, &rest, err) < 0)
		return -1;
	if (memchr(rest.at, '#', rest.len))
		return chat_fail(err, CHAT_USAGE, "a chat URL has no fragment ('#')");
	if (parse_authority(&parsed, take_until(&rest, "/?"), err) < 0)
		return -1;
	if (parse_target(&parsed, rest, err) < 0)
		return -1;
	*url = parsed;
	return 0;
}

int
chat_url_set_channel(struct chat_url *url, const char *channel, struct chat_err *err)
{
	char path[CHAT_CHANNEL_MAX + 2];

	if (channel[0] == '\0')
		return chat_fail(err, CHAT_USAGE, "the channel has no name; the main one is '/'");
	/* path has one byte more than the longest channel, so that a text that is too long is still
	 * too long after snprintf has cut it */
	snprintf(path, sizeof(path), "%s%s", channel[0] == '/' ? "" : "/", channel);
	return set_channel(url, chat_span_of(path), err);
}

void
chat_url_format(const struct chat_url *url, char *out, size_t size)
{
	char port[16] = "";

	if (url->port != (url->tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%u", url->port);
	snprintf(out, size, "%s://%s%s%s%s", url->tls ? "wss" : "ws", url->host, port, url->channel,
		url->query);
}
