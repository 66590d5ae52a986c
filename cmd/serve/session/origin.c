/* Checks the Origin and the Host of a request: foreign pages in a browser must not connect. */
#include "serve/session/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "serve/net/tls.h"
#include "text/err.h"

struct authority {
	struct chat_span host; /* an IPv6 literal without brackets */
	struct chat_span port; /* empty: that of the scheme */
};

static bool
equals(struct chat_span a, struct chat_span b)
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

/* Returns true for letters, digits and the bytes in `others`: no user@, no path. */
static bool
is_host(struct chat_span host, const char *others)
{
	for (size_t i = 0; i < host.len; i++)
		if (!isalnum((unsigned char)host.at[i]) &&
			!memchr(others, host.at[i], strlen(others)))
			return false;
	return host.len > 0;
}

/* Splits "host", "host:port", "[v6]" or "[v6]:port". Returns false for anything else. */
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

/* Returns the usual port of the scheme that ends at `end`, or "0" for other schemes. */
static const char *
usual_port(const char *origin, const char *end)
{
	struct chat_span scheme = {origin, (size_t)(end - origin)};

	if (equals(scheme, CHAT_SPAN("http")))
		return "80";
	return equals(scheme, CHAT_SPAN("https")) ? "443" : "0";
}

static bool
is_origin(const char *text)
{
	const char *end = strstr(text, "://");
	struct authority authority;

	if (strcmp(text, "null") == 0)
		return true;
	return end && end > text && authority_split(chat_span_of(end + 3), &authority) &&
		!equals(authority.port, chat_span_of(usual_port(text, end)));
}

int
origins_check(const struct chat_strings *origins, struct chat_err *err)
{
	for (size_t i = 0; i < origins->count; i++)
		if (!is_origin(origins->at[i]))
			return chat_fail(err, CHAT_USAGE,
				"--origin '%s': browsers send https://app.example.com or "
				"http://app.example.com:8080, without a path or the usual port",
				origins->at[i]);
	return 0;
}

/* Reads a literal address into its IPv6 form. Returns false for a name. */
static bool
read_literal(struct chat_span host, struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, &v4) != 1)
		return inet_pton(AF_INET6, text, address) == 1;
	*address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(address->s6_addr + 12, &v4, sizeof(v4));
	return true;
}

static bool
is_loopback(struct chat_span host)
{
	static const char below[] = ".localhost";
	size_t suffix = sizeof(below) - 1;
	struct in6_addr address;

	if (equals(host, CHAT_SPAN("localhost")))
		return true;
	if (host.len > suffix &&
		equals((struct chat_span){host.at + host.len - suffix, suffix}, CHAT_SPAN(below)))
		return true;
	if (!read_literal(host, &address))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		return address.s6_addr[12] == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&address);
}

static bool
is_listed(struct chat_span name, const struct chat_strings *listed)
{
	for (size_t i = 0; i < listed->count; i++)
		if (equals(name, chat_span_of(listed->at[i])))
			return true;
	return false;
}

/* Returns true if the name is one of the server: loopback, listed, or in the certificate. */
static bool
is_named(struct chat_span host, const struct origin_names *names)
{
	return is_loopback(host) || is_listed(host, names->hosts) ||
		(names->tls && tls_is_named(names->tls, host));
}

bool
host_allowed(struct chat_span host, const struct origin_names *names)
{
	struct authority asked;

	return authority_split(host, &asked) && is_named(asked.host, names);
}

/* Returns true if the host can only be this server. */
static bool
is_own(struct chat_span host, const struct origin_names *names)
{
	struct in6_addr address;

	return read_literal(host, &address) || is_named(host, names);
}

bool
origin_allowed(struct chat_span origin, struct chat_span host, const struct origin_names *names)
{
	struct authority page, asked;
	struct chat_span rest, scheme_port;

	if (!origin.len || is_listed(origin, names->origins))
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
	return equals(page.host, asked.host) && equals(page.port, asked.port) &&
		is_own(asked.host, names);
}
