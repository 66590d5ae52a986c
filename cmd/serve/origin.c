/* Pages from anywhere can try to connect to a server on this machine; most must not. */
#include "serve/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
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
is_port(struct chat_span port)
{
	unsigned long number = 0;

	for (size_t i = 0; i < port.len; i++) {
		if (port.at[i] < '0' || port.at[i] > '9' || number > 65535)
			return false;
		number = number * 10 + (unsigned long)(port.at[i] - '0');
	}
	return port.len > 0 && *port.at != '0' && number <= 65535;
}

/* Letters, digits and what names and addresses are made of besides; no user@, no path. */
static bool
is_host(struct chat_span host, const char *besides)
{
	for (size_t i = 0; i < host.len; i++)
		if (!isalnum((unsigned char)host.at[i]) &&
			!memchr(besides, host.at[i], strlen(besides)))
			return false;
	return host.len > 0;
}

/* "host", "host:port", "[v6]", "[v6]:port", and nothing else. */
static bool
authority_split(struct chat_span text, struct authority *authority)
{
	const char *end = text.at + text.len, *from = text.at, *to, *rest;
	bool is_v6 = text.len && *from == '[';

	if (!text.len)
		return false;
	to = memchr(from, is_v6 ? ']' : ':', text.len);
	if (is_v6 && !to)
		return false;
	if (!to)
		to = end;
	from += is_v6;
	rest = is_v6 ? to + 1 : to;
	authority->host = (struct chat_span){from, (size_t)(to - from)};
	authority->port = (struct chat_span){end, 0};
	if (!is_host(authority->host, is_v6 ? ":." : "-._"))
		return false;
	if (rest == end)
		return true;
	authority->port = (struct chat_span){rest + 1, (size_t)(end - rest - 1)};
	return *rest == ':' && is_port(authority->port);
}

static bool
is_loopback(struct chat_span host)
{
	static const char below[] = ".localhost";
	size_t suffix = sizeof(below) - 1;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	if (same(host, CHAT_SPAN("localhost")))
		return true;
	if (host.len > suffix &&
		same((struct chat_span){host.at + host.len - suffix, suffix}, CHAT_SPAN(below)))
		return true;
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool
host_allowed(struct chat_span host, const struct chat_strings *listed)
{
	struct authority asked;

	if (!authority_split(host, &asked))
		return false;
	for (size_t i = 0; i < listed->count; i++)
		if (same(asked.host, chat_span_of(listed->at[i])))
			return true;
	return is_loopback(asked.host);
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
