/*
 * Any bytes at the beginning of a connection of a trusted proxy. Each piece of a header is a part
 * of it; what follows it changes nothing; what is wrong stays wrong whatever follows; and the
 * client of one version, written as a header of the other one, is the same client.
 */
#include "serve/net/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "fuzz.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* Reads a copy of the bytes in a block of just that size. */
static enum proxy_header_result
read_copy(const uint8_t *data, size_t len, struct proxy_header *header)
{
	char *copy = malloc(len ? len : 1);
	const char *why = NULL;
	enum proxy_header_result result;

	need(copy != NULL);
	memcpy(copy, data, len);
	result = proxy_header_read((struct chat_span){copy, len}, header, &why);
	need(result != PROXY_HEADER_WRONG || why);
	free(copy);
	return result;
}

static void
check_same(const struct proxy_header *one, const void *bytes, size_t len)
{
	struct proxy_header other;

	need(read_copy(bytes, len, &other) == PROXY_HEADER_COMPLETE && other.len == len);
	need(other.has_client);
	need(memcmp(&other.client, &one->client, sizeof(other.client)) == 0);
}

static void
check_line(const struct proxy_header *header)
{
	const struct in6_addr *client = &header->client.sin6_addr;
	bool is_v4 = IN6_IS_ADDR_V4MAPPED(client);
	char address[INET6_ADDRSTRLEN], line[PROXY_HEADER_MAX];
	int len;

	if (is_v4)
		inet_ntop(AF_INET, client->s6_addr + 12, address, sizeof(address));
	else
		inet_ntop(AF_INET6, client, address, sizeof(address));
	len = snprintf(line, sizeof(line), "PROXY %s %s %s 0 65535\r\n", is_v4 ? "TCP4" : "TCP6",
		address, address);
	check_same(header, line, (size_t)len);
}

static void
check_binary(const struct proxy_header *header)
{
	char bytes[16 + 36] = SIGNATURE "\x21\x21\x00\x24";

	memcpy(bytes + 16, &header->client.sin6_addr, sizeof(header->client.sin6_addr));
	check_same(header, bytes, sizeof(bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum proxy_header_result result = PROXY_HEADER_PARTIAL;
	struct proxy_header header, longer;
	size_t len = 0;

	while ((result = read_copy(data, len, &header)) == PROXY_HEADER_PARTIAL && len < size)
		len++;
	need(result != PROXY_HEADER_PARTIAL || len < PROXY_HEADER_MAX);
	need(read_copy(data, size, &longer) == result);
	if (result != PROXY_HEADER_COMPLETE)
		return 0;
	need(header.len == len && longer.len == len && len <= PROXY_HEADER_MAX);
	need(header.client.sin6_family == AF_INET6);
	need(memcmp(&header.client, &longer.client, sizeof(header.client)) == 0);
	if (header.has_client) {
		check_line(&header);
		check_binary(&header);
	}
	return 0;
}
