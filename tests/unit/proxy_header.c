/* The PROXY header in both versions: who the client is, where the header ends, and what is wrong.
 */
#include "serve/net/proxy_header.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "tap.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4 "\xcb\x00\x71\x09\xc0\x00\x02\x01\x04\xd2\x0b\xb9"
#define IPV6 \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" \
	"\x04\xd2\x0b\xb9"
#define TLV "\x04\x00\x02\x00\x00" /* padding */

#define LINE_107 \
	"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff " \
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"

#define BYTES(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

static const struct {
	struct chat_span bytes;
	const char *client; /* NULL: none */
} right[] = {
	{BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001\r\n"), "203.0.113.9"},
	{BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255"},
	{BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0"},
	{BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 1234 3001\r\n"), "2001:db8::1"},
	{BYTES("PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 1 2\r\n"), "2001:db8::1"},
	{BYTES("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n"), "203.0.113.9"},
	{BYTES("PROXY TCP6 fc00:dead:beef:4dad::0:29 ::1 666 80\r\n"), "fc00:dead:beef:4dad::29"},
	{BYTES("PROXY UNKNOWN\r\n"), NULL},
	{BYTES("PROXY UNKNOWN \r\n"), NULL},
	{BYTES("PROXY UNKNOWN 203.0.113.9 192.0.2.1 1234 3001\r\n"), NULL},
	{BYTES("PROXY UNKNOWN \0\r\xff  x\r\n"), NULL},
	{BYTES(LINE_107), NULL},

	{BYTES(SIGNATURE "\x21\x11\x00\x0c" IPV4), "203.0.113.9"},
	{BYTES(SIGNATURE "\x21\x12\x00\x0c" IPV4), "203.0.113.9"},
	{BYTES(SIGNATURE "\x21\x11\x00\x11" IPV4 TLV), "203.0.113.9"},
	{BYTES(SIGNATURE "\x21\x21\x00\x24" IPV6), "2001:db8::1"},
	{BYTES(SIGNATURE "\x21\x22\x00\x29" IPV6 TLV), "2001:db8::1"},
	{BYTES(SIGNATURE "\x21\x00\x00\x00"), NULL},
	{BYTES(SIGNATURE "\x21\x00\x00\x05" TLV), NULL},
	{BYTES(SIGNATURE "\x21\x10\x00\x0c" IPV4), NULL},
	{BYTES(SIGNATURE "\x21\x10\x00\x00"), NULL},
	{BYTES(SIGNATURE "\x21\x01\x00\x0c" IPV4), NULL},
	{BYTES(SIGNATURE "\x20\x00\x00\x00"), NULL},
	{BYTES(SIGNATURE "\x20\x11\x00\x0c" IPV4), NULL},
	{BYTES(SIGNATURE "\x20\x11\x00\x00"), NULL},
	{BYTES(SIGNATURE "\x20\xff\x00\x05" TLV), NULL},
};

static const struct chat_span wrong[] = {
	BYTES("GET / HTTP/1.1\r\n"),
	BYTES("PROXX"),
	BYTES("PROXY\r\n"),
	BYTES("PROXY \r\n"),
	BYTES("PROXY\tTCP4"),
	BYTES("proxy TCP4 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES(" PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY  TCP4 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4  203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001 \r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001 1\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 \r\n"),
	BYTES("PROXY TCP4 203.0.113.9\r\n"),
	BYTES("PROXY TCP4\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001\r\r\n"),
	BYTES("PROXY TCP4 203.0.113.9\n192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9\0 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.009 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.256 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 localhost 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 2001:db8::2 1234 3001\r\n"),
	BYTES("PROXY TCP4 2001:db8::1 2001:db8::2 1234 3001\r\n"),
	BYTES("PROXY TCP6 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP6 2001:db8::1 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY TCP6 [2001:db8::1] ::1 1234 3001\r\n"),
	BYTES("PROXY TCP6 fe80::1%lo ::1 1234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 65536 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 99999\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 1234 123456\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 01234 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 +1 3001\r\n"),
	BYTES("PROXY TCP4 203.0.113.9 192.0.2.1 -1 3001\r\n"),
	BYTES("PROXY TCP5 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY UDP4 203.0.113.9 192.0.2.1 1234 3001\r\n"),
	BYTES("PROXY UNKNOWNS\r\n"),
	BYTES("PROXY UNKNOW\r\n"),
	BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655356\r\n"),

	BYTES("\r\n\r\n\r\n"),
	BYTES("\r\n\r\n\0\r\nQUIX\n\x21\x11"),
	BYTES("\n"),
	BYTES(SIGNATURE "\x11\x11\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x31\x11\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x22\x11\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x2f\x11\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x21\x13\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x21\x41\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x21\x11\x00\x0b" IPV4),
	BYTES(SIGNATURE "\x21\x21\x00\x23" IPV6),
	BYTES(SIGNATURE "\x21\x31\x00\x0c" IPV4),
	BYTES(SIGNATURE "\x21\x11\x0f\xf1" IPV4),
	BYTES(SIGNATURE "\x20\x00\xff\xff"),
};

static const char *
client_of(const struct proxy_header *header, char text[INET6_ADDRSTRLEN])
{
	const struct in6_addr *address = &header->client.sin6_addr;

	if (!header->has_client)
		return "nobody";
	if (IN6_IS_ADDR_V4MAPPED(address))
		return inet_ntop(AF_INET, address->s6_addr + 12, text, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

/* Reads a copy of the bytes in a block of just that size, where a sanitizer sees what is too far.
 */
static enum proxy_header_result
read_copy(struct chat_span bytes, struct proxy_header *header)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);
	const char *why = NULL;
	enum proxy_header_result result;

	if (!copy)
		abort();
	memcpy(copy, bytes.at, bytes.len);
	result = proxy_header_read((struct chat_span){copy, bytes.len}, header, &why);
	if (result == PROXY_HEADER_WRONG && !why)
		abort();
	free(copy);
	return result;
}

static void
test_right(size_t i)
{
	struct chat_span all = right[i].bytes, more = {NULL, all.len + 1};
	struct proxy_header header;
	char text[INET6_ADDRSTRLEN], *joined = malloc(more.len);
	size_t partial = 0;

	if (!joined)
		abort();
	while (partial < all.len &&
		read_copy((struct chat_span){all.at, partial}, &header) == PROXY_HEADER_PARTIAL)
		partial++;
	is_int(partial, all.len, "header %zu: each piece of it is a part", i);
	is_int(read_copy(all, &header), PROXY_HEADER_COMPLETE, "header %zu is complete", i);
	is_int(header.len, all.len, "header %zu: its length", i);
	is_str(client_of(&header, text), right[i].client ? right[i].client : "nobody",
		"header %zu: its client", i);
	memcpy(joined, all.at, all.len);
	joined[all.len] = '\x16';
	more.at = joined;
	is_int(read_copy(more, &header), PROXY_HEADER_COMPLETE, "header %zu and more", i);
	is_int(header.len, all.len, "header %zu ends before that", i);
	free(joined);
}

static void
test_unix(void)
{
	char bytes[16 + 216] = SIGNATURE "\x21\x31\x00\xd8/run/proxy";
	struct proxy_header header;

	is_int(read_copy((struct chat_span){bytes, sizeof(bytes)}, &header), PROXY_HEADER_COMPLETE,
		"a client of a unix socket");
	ok(!header.has_client, "has no address");
	bytes[15]--;
	is_int(read_copy((struct chat_span){bytes, sizeof(bytes)}, &header), PROXY_HEADER_WRONG,
		"half a path is wrong");
}

static void
test_longest(void)
{
	char bytes[PROXY_HEADER_MAX] = SIGNATURE "\x21\x11\x0f\xf0" IPV4;
	struct proxy_header header;

	is_int(read_copy((struct chat_span){bytes, sizeof(bytes) - 1}, &header),
		PROXY_HEADER_PARTIAL, "4 KiB but a byte");
	is_int(read_copy((struct chat_span){bytes, sizeof(bytes)}, &header), PROXY_HEADER_COMPLETE,
		"4 KiB");
	is_int(header.len, PROXY_HEADER_MAX, "is the longest header");
}

int
main(void)
{
	struct proxy_header header;

	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		test_right(i);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_int(read_copy(wrong[i], &header), PROXY_HEADER_WRONG, "wrong header %zu", i);
	is_int(read_copy((struct chat_span){"", 0}, &header), PROXY_HEADER_PARTIAL, "nothing yet");
	test_unix();
	test_longest();
	return done();
}
