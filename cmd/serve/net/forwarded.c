/*
 * X-Forwarded-For: the client's address as reported by trusted proxies. Each proxy appends the
 * address of its own peer, so the list is read from the end.
 */
#include "serve/net/forwarded.h"

#include <netinet/in.h>
#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Removes `first` from the front and `last` from the end. If either is missing, returns false. */
static bool
unwrap(struct chat_span *text, char first, char last)
{
	if (text->len < 2 || text->at[0] != first || text->at[text->len - 1] != last)
		return false;
	*text = (struct chat_span){text->at + 1, text->len - 2};
	return true;
}

/*
 * Removes ":port" from "host:port" or "[v6]:port". Returns false if the port is not a number of 1
 * to 5 digits. Returns true if there is no port.
 */
static bool
cut_port(struct chat_span *text)
{
	const char *colon = memrchr(text->at, ':', text->len);
	size_t digits;

	if (!colon ||
		(text->at[0] == '[' ? colon[-1] != ']' : memchr(text->at, ':', text->len) != colon))
		return true;
	digits = (size_t)(text->at + text->len - colon - 1);
	for (size_t i = 1; i <= digits; i++)
		if (colon[i] < '0' || colon[i] > '9')
			return false;
	text->len = (size_t)(colon - text->at);
	return digits >= 1 && digits <= 5;
}

/* Parses one element of a list. Returns false if it is not an address. */
static bool
read_client(struct chat_span text, struct sockaddr_storage *client)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)client;
	char address[INET6_ADDRSTRLEN];
	bool in_brackets;
	int version;

	while (text.len && is_space(*text.at)) {
		text.at++;
		text.len--;
	}
	while (text.len && is_space(text.at[text.len - 1]))
		text.len--;
	unwrap(&text, '"', '"');
	if (!text.len || !cut_port(&text))
		return false;
	in_brackets = unwrap(&text, '[', ']');
	if (text.len >= sizeof(address) || memchr(text.at, '\0', text.len))
		return false;
	memcpy(address, text.at, text.len);
	address[text.len] = '\0';
	*client = (struct sockaddr_storage){.ss_family = AF_INET6};
	version = cidr_read_address(&in6->sin6_addr, address);
	return version == 6 || (version == 4 && !in_brackets);
}

/* Sets *last to the last element and removes it from *list. Returns false if it is the only one. */
static bool
cut_last(struct chat_span *list, struct chat_span *last)
{
	const char *comma = memrchr(list->at, ',', list->len);

	*last = *list;
	if (!comma)
		return false;
	last->at = comma + 1;
	last->len = (size_t)(list->at + list->len - last->at);
	list->len = (size_t)(comma - list->at);
	return true;
}

bool
forwarded_find_client(const struct cidrs *proxies, const struct chat_span *values, size_t count,
	struct sockaddr_storage *client)
{
	while (count) {
		struct chat_span list = values[--count], last;
		bool more = true;

		while (more) {
			more = cut_last(&list, &last);
			if (!read_client(last, client))
				return false;
			if (!cidrs_have(proxies, (struct sockaddr *)client))
				return true;
		}
	}
	return false;
}
