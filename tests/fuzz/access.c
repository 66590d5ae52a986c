/*
 * Any text as what tells a server who somebody is: origins and hosts, networks and those behind a
 * proxy. Nobody is believed to be this machine by a name that is not this machine's.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "serve/net/forwarded.h"
#include "serve/session/origin.h"

/* Bytes before a port. */
static size_t
name_len(struct chat_span host)
{
	const char *colon = memchr(host.at, ':', host.len);

	return colon ? (size_t)(colon - host.at) : host.len;
}

static void
check_host(struct chat_span host)
{
	static const char localhost[] = "localhost";
	const struct chat_strings none = {0};
	const struct origin_names nobody = {&none, &none, NULL};
	size_t len;

	if (!host_allowed(host, &nobody))
		return;
	need(host.len > 0 && !memchr(host.at, '@', host.len) && !memchr(host.at, '/', host.len));
	if (*host.at == '[')
		return;
	len = name_len(host);
	need(strncmp(host.at, "127.", 4) == 0 ||
		(len >= strlen(localhost) &&
			strncasecmp(host.at + len - strlen(localhost), localhost,
				strlen(localhost)) == 0));
}

/* A page of a name that is not the server's may not connect, whatever it asks for. */
static void
check_origin(struct chat_span origin, struct chat_span host)
{
	const struct chat_strings none = {0};
	const struct origin_names nobody = {&none, &none, NULL};
	size_t bare = host.len && *host.at != '[' ? name_len(host) : 0;

	if (origin.len == 0 || !origin_allowed(origin, host, &nobody))
		return;
	need(origin.len > 7 && strncasecmp(origin.at, "http", 4) == 0);
	if (bare && !memchr("0123456789", host.at[bare - 1], 10))
		need(host_allowed(host, &nobody));
}

static void
check_network(const char *text, struct chat_span forwarded_for)
{
	struct cidr cidr = {0};
	struct cidrs cidrs = {&cidr, 1};
	struct sockaddr_storage client;

	if (cidr_parse(&cidr, text, NULL) < 0)
		return;
	need(cidr.bits <= 128);
	if (forwarded_find_client(&cidrs, &forwarded_for, 1, &client))
		need(!cidrs_have(&cidrs, (struct sockaddr *)&client));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size ? data[0] * size / 256 : 0;
	struct chat_span first = {(const char *)data, half}, rest = {first.at + half, size - half};
	char *text = malloc(half + 1);

	memcpy(text, first.at, half);
	text[half] = '\0';
	check_host(rest);
	check_origin(first, rest);
	check_network(text, rest);
	free(text);
	return 0;
}
