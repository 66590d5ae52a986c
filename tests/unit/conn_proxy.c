/*
 * A connection that begins with a PROXY header: in any pieces, with or without the request behind
 * it; and what becomes of one that begins with something else, or goes no further.
 */
#include "conn.h"

#define LINE "PROXY TCP4 203.0.113.9 192.0.2.1 1234 3001\r\n"
#define LOCAL "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"
#define SPAN(literal) ((struct chat_span){literal, sizeof(literal) - 1})

static struct fixture *
fixture_behind_proxy(void)
{
	struct fixture *fixture = fixture_new();

	conn_expect_proxy_header(&fixture->conn);
	return fixture;
}

/* The bytes come in pieces of this size, each in turns of its own. */
static void
send_pieces(struct fixture *fixture, struct chat_span bytes, size_t size)
{
	for (size_t at = 0; at < bytes.len; at += size) {
		peer_send(fixture, bytes.at + at, bytes.len - at < size ? bytes.len - at : size);
		turns(fixture);
	}
}

static void
test_pieces(struct chat_span bytes, size_t size, const char *whose)
{
	struct fixture *fixture = fixture_behind_proxy();
	char want[100];

	send_pieces(fixture, bytes, size);
	snprintf(want, sizeof(want), "proxy header of %s|request /team|", whose);
	expect(fixture, want, "101|", "header and request");
	fixture_free(fixture, "header and request");
}

static void
test_all_pieces(struct chat_span bytes, const char *whose)
{
	static const size_t sizes[] = {1, 7, 12, 16, 45, 1000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		test_pieces(bytes, sizes[i], whose);
}

static void
test_wrong(struct chat_span bytes, const char *why)
{
	struct fixture *fixture = fixture_behind_proxy();
	char want[100];

	send_pieces(fixture, bytes, 1000);
	snprintf(want, sizeof(want), "rejection 400 %s|", why);
	expect(fixture, want, "400|end|", why);
	is_int(fixture->conns.wrong_proxy_headers, 1, "it is counted");
	peer_send(fixture, LINE REQUEST, strlen(LINE REQUEST));
	expect(fixture, "", "", "it is too late for a header");
	fixture_free(fixture, why);
}

/* The second header is the beginning of a request, and of no good one. */
static void
test_twice(void)
{
	struct fixture *fixture = fixture_behind_proxy();

	peer_send(fixture, LINE LINE REQUEST, strlen(LINE LINE REQUEST));
	expect(fixture,
		"proxy header of a client|rejection 400 a PROXY header is not expected here|",
		"400|end|", "a second header");
	fixture_free(fixture, "a second header");
}

static void
test_no_header_is_expected(void)
{
	struct fixture *fixture = fixture_new();

	peer_send(fixture, LINE REQUEST, strlen(LINE REQUEST));
	expect(fixture, "rejection 400 a PROXY header is not expected here|", "400|end|",
		"a header that is not expected");
	fixture_free(fixture, "a header that is not expected");
}

static void
test_late(void)
{
	struct fixture *fixture = fixture_behind_proxy();

	send_pieces(fixture, SPAN("PROXY TCP4 "), 3);
	is_str(fixture->events, "", "half a header is waited for");
	fixture->conns.limits.head_ms = -1;
	conns_sweep(&fixture->conns, 1);
	expect(fixture, "rejection 0 the PROXY header took too long|closed|released|", "end|",
		"half a header");
	is_int(fixture->conns.late, 1, "it is counted");
	fixture_free(fixture, "half a header");
}

/* A proxy may look if the server is there, without a word. */
static void
test_end(struct chat_span bytes, const char *want)
{
	struct fixture *fixture = fixture_behind_proxy();

	peer_send(fixture, bytes.at, bytes.len);
	shutdown(fixture->peer_fd, SHUT_WR);
	expect(fixture, want, "end|", "the end of a connection without a request");
	is_int(fixture->conns.wrong_proxy_headers, 0, "it is no wrong header");
	fixture_free(fixture, "no request");
}

static void
test_memory(void)
{
	struct fixture *fixture = fixture_behind_proxy();
	char header[2000] = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x10\x00";

	header[15] = (char)0xf0;
	header[14] = (char)0x0f;
	peer_send(fixture, header, sizeof(header));
	turns(fixture);
	ok(fixture->conns.received_bytes >= sizeof(header), "half a header is counted");
	fixture->conns.limits.all_received_bytes = 1000;
	conns_flush(&fixture->conns);
	expect(fixture, "closed|released|", "end|", "and given up where it is too much");
	fixture_free(fixture, "half a header of many");
}

int
main(void)
{
	test_all_pieces(SPAN(LINE REQUEST), "a client");
	test_all_pieces(SPAN("PROXY UNKNOWN\r\n" REQUEST), "nobody");
	test_all_pieces(SPAN(LOCAL REQUEST), "nobody");
	test_wrong(SPAN(REQUEST), "a PROXY header must come first");
	test_wrong(SPAN("PROXY TCP4 nobody\r\n"), "the PROXY header is malformed");
	test_wrong(SPAN("\x16\x03\x01"), "a PROXY header must come first");
	test_twice();
	test_no_header_is_expected();
	test_late();
	test_end(SPAN(""), "closed|released|");
	test_end(SPAN("PROXY"), "closed|released|");
	test_end(SPAN(LOCAL), "proxy header of nobody|closed|released|");
	test_memory();
	return done();
}
