/* The header of the PROXY protocol: bytes in, the client's address out. */
#include "serve/net/proxy_header.h"

#include <string.h>

#include "serve/net/cidr.h"

#define LINE_MAX_BYTES 107 /* a header of version 1, with its CRLF */
#define FIXED_BYTES 16 /* of version 2, before the addresses */
#define IPV4_BYTES 12 /* two addresses and two ports */
#define IPV6_BYTES 36
#define UNIX_BYTES 216 /* two paths */

/* ---- version 1: a line ---- */

/*
 * Moves the first field of the line to `field`. A blank must follow the field, unless it is the
 * last one. Returns false if that is not so, or if the field is empty or longer than an address.
 */
static bool
cut_field(struct chat_span *line, char field[INET6_ADDRSTRLEN], bool is_last)
{
	const char *blank = memchr(line->at, ' ', line->len);
	size_t len = blank ? (size_t)(blank - line->at) : line->len;
	size_t cut = blank ? len + 1 : len;

	if (!blank != is_last || len == 0 || len >= INET6_ADDRSTRLEN || memchr(line->at, '\0', len))
		return false;
	memcpy(field, line->at, len);
	field[len] = '\0';
	line->at += cut;
	line->len -= cut;
	return true;
}

static bool
cut_address(struct chat_span *line, int version, struct in6_addr *address)
{
	char field[INET6_ADDRSTRLEN];

	return cut_field(line, field, false) && cidr_read_address(address, field) == version;
}

/* A port is a number up to 65535 without zeros in front. */
static bool
cut_port(struct chat_span *line, bool is_last)
{
	char field[INET6_ADDRSTRLEN];
	size_t len;

	if (!cut_field(line, field, is_last))
		return false;
	len = strspn(field, "0123456789");
	if (field[len] || len > 5 || (field[0] == '0' && len > 1))
		return false;
	return len < 5 || strcmp(field, "65535") <= 0;
}

/* Reads "TCP4 192.0.2.1 192.0.2.2 1234 3001" or "TCP6 ...". */
static bool
read_addresses(struct chat_span line, struct in6_addr *client)
{
	char protocol[INET6_ADDRSTRLEN];
	struct in6_addr server;
	int version;

	if (!cut_field(&line, protocol, false))
		return false;
	version = strcmp(protocol, "TCP4") == 0 ? 4 : strcmp(protocol, "TCP6") == 0 ? 6 : 0;
	return version && cut_address(&line, version, client) &&
		cut_address(&line, version, &server) && cut_port(&line, false) &&
		cut_port(&line, true);
}

/* Returns true for the word UNKNOWN; the rest of such a line has no meaning. */
static bool
is_unknown(struct chat_span line)
{
	static const char word[] = "UNKNOWN";
	size_t len = sizeof(word) - 1;

	return line.len >= len && memcmp(line.at, word, len) == 0 &&
		(line.len == len || line.at[len] == ' ');
}

static enum proxy_header_result
read_line(struct chat_span bytes, struct proxy_header *header, const char **why)
{
	static const char begin[] = "PROXY ";
	size_t begin_len = sizeof(begin) - 1;
	size_t most = bytes.len < LINE_MAX_BYTES ? bytes.len : LINE_MAX_BYTES;
	const char *end = memchr(bytes.at, '\n', most);
	struct chat_span line;

	*why = "the PROXY header is malformed";
	if (memcmp(bytes.at, begin, most < begin_len ? most : begin_len) != 0) {
		*why = "a PROXY header must come first";
		return PROXY_HEADER_WRONG;
	}
	if (!end)
		return bytes.len < LINE_MAX_BYTES ? PROXY_HEADER_PARTIAL : PROXY_HEADER_WRONG;
	header->len = (size_t)(end + 1 - bytes.at);
	if (end[-1] != '\r')
		return PROXY_HEADER_WRONG;
	line = (struct chat_span){bytes.at + begin_len, header->len - begin_len - 2};
	header->has_client = !is_unknown(line);
	if (header->has_client && !read_addresses(line, &header->client.sin6_addr))
		return PROXY_HEADER_WRONG;
	return PROXY_HEADER_COMPLETE;
}

/* ---- version 2: binary ---- */

enum command { LOCAL, PROXY };

/* The families of addresses, and the protocols, in the upper and the lower half of a byte. */
enum family { UNKNOWN_FAMILY, IPV4, IPV6, UNIX_PATH, FAMILIES };
enum protocol { UNKNOWN_PROTOCOL, STREAM, DATAGRAM, PROTOCOLS };

static const size_t address_bytes[FAMILIES] = {
	[IPV4] = IPV4_BYTES, [IPV6] = IPV6_BYTES, [UNIX_PATH] = UNIX_BYTES};

/* The 16 bytes that every header of version 2 begins with, without the signature. */
struct fixed {
	unsigned version, command, family, protocol;
	size_t rest; /* the bytes that follow */
};

static struct fixed
fixed_of(const unsigned char bytes[FIXED_BYTES])
{
	return (struct fixed){
		.version = bytes[12] >> 4,
		.command = bytes[12] & 15U,
		.family = bytes[13] >> 4,
		.protocol = bytes[13] & 15U,
		.rest = (size_t)bytes[14] << 8 | bytes[15],
	};
}

/* Returns why it is wrong, or NULL. */
static const char *
fault_of(const struct fixed *fixed)
{
	bool has_addresses = fixed->command == PROXY && fixed->protocol != UNKNOWN_PROTOCOL;

	if (fixed->version != 2 || fixed->command > PROXY)
		return "the PROXY header has an unknown version or command";
	if (fixed->rest > PROXY_HEADER_MAX - FIXED_BYTES)
		return "the PROXY header is over 4 KiB";
	if (fixed->command == LOCAL)
		return NULL; /* then the family has no meaning */
	if (fixed->family >= FAMILIES || fixed->protocol >= PROTOCOLS)
		return "the PROXY header has an unknown family";
	if (has_addresses && fixed->rest < address_bytes[fixed->family])
		return "the PROXY header is too short for its addresses";
	return NULL;
}

/* Reads the client's address, which comes first after the fixed bytes. */
static void
read_client(const struct fixed *fixed, const char *at, struct proxy_header *header)
{
	struct in6_addr *address = &header->client.sin6_addr;

	if (fixed->command == LOCAL || fixed->protocol == UNKNOWN_PROTOCOL)
		return;
	header->has_client = fixed->family == IPV4 || fixed->family == IPV6;
	if (fixed->family == IPV6) {
		memcpy(address, at, sizeof(*address));
	} else if (fixed->family == IPV4) {
		address->s6_addr[10] = address->s6_addr[11] = 0xff;
		memcpy(address->s6_addr + 12, at, 4);
	}
}

static enum proxy_header_result
read_binary(struct chat_span bytes, struct proxy_header *header, const char **why)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
	size_t signature_len = sizeof(signature) - 1;
	struct fixed fixed;

	if (memcmp(bytes.at, signature, bytes.len < signature_len ? bytes.len : signature_len) !=
		0) {
		*why = "a PROXY header must come first";
		return PROXY_HEADER_WRONG;
	}
	if (bytes.len < FIXED_BYTES)
		return PROXY_HEADER_PARTIAL;
	fixed = fixed_of((const unsigned char *)bytes.at);
	*why = fault_of(&fixed);
	if (*why)
		return PROXY_HEADER_WRONG;
	header->len = FIXED_BYTES + fixed.rest;
	if (bytes.len < header->len)
		return PROXY_HEADER_PARTIAL;
	read_client(&fixed, bytes.at + FIXED_BYTES, header);
	return PROXY_HEADER_COMPLETE;
}

enum proxy_header_result
proxy_header_read(struct chat_span bytes, struct proxy_header *header, const char **why)
{
	*header = (struct proxy_header){.client.sin6_family = AF_INET6};
	if (bytes.len == 0)
		return PROXY_HEADER_PARTIAL;
	return *bytes.at == '\r' ? read_binary(bytes, header, why) : read_line(bytes, header, why);
}
