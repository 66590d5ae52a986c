/*
 * A TLS client costs the server a bounded amount: a turn reads a bounded number of records and
 * bytes, whatever is in them, and records without data end the session.
 */
#include "serve/net/tls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../interop/tls_peer.h"
#include "serve/net/stream.h"
#include "tap.h"

#define SHARE ((size_t)64 << 10) /* what a connection asks for in a turn */
#define TURN_RECORDS 65
#define ENDLESS 2000 /* records; more than any bound lets in */

/* A session and its peer, over a pair of sockets. */
struct pair {
	struct tls_session *session;
	SSL_CTX *context;
	struct tls_peer peer;
	struct chat_buf sending; /* what the peer has made and not sent */
	int fd, peer_fd;
	char bytes[64 << 10];
	ssize_t result; /* of the last turn */
};

static void
pair_open(struct pair *pair, struct tls *tls, int version)
{
	int fds[2], most = 8 << 20;

	memset(pair, 0, sizeof(*pair));
	tls_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	pair->fd = fds[0];
	pair->peer_fd = fds[1];
	setsockopt(pair->peer_fd, SOL_SOCKET, SO_SNDBUFFORCE, &most, sizeof(most));
	pair->session = tls_accept(tls, pair->fd);
	pair->context = tls_peer_context(version);
	tls_peer_open(&pair->peer, pair->context);
}

static void
pair_close(struct pair *pair)
{
	tls_session_free(pair->session);
	tls_peer_close(&pair->peer);
	SSL_CTX_free(pair->context);
	chat_buf_free(&pair->sending);
	close(pair->fd);
	close(pair->peer_fd);
}

/* Sends of what the peer has made what the socket takes. */
static void
pair_send(struct pair *pair)
{
	ssize_t count;

	tls_peer_take(&pair->peer, &pair->sending);
	count = send(pair->peer_fd, pair->sending.at, pair->sending.len, MSG_NOSIGNAL);
	if (count > 0)
		chat_buf_drop(&pair->sending, (size_t)count);
}

static void
pair_hear(struct pair *pair)
{
	char bytes[16384];
	ssize_t count = recv(pair->peer_fd, bytes, sizeof(bytes), 0);

	if (count > 0)
		tls_peer_hear(&pair->peer, bytes, (size_t)count);
}

static void
pair_turn(struct pair *pair)
{
	pair->result = tls_read(pair->session, pair->bytes, SHARE, SHARE);
}

/* Until there is agreement on both sides. */
static bool
pair_agree(struct pair *pair)
{
	bool done = false;

	for (int i = 0; i < 10 && !(done && tls_is_up(pair->session)); i++) {
		done = tls_peer_shake(&pair->peer);
		pair_send(pair);
		pair_turn(pair);
		pair_hear(pair);
	}
	return done && tls_is_up(pair->session);
}

static void
pair_begin(struct pair *pair, struct tls *tls, int version)
{
	pair_open(pair, tls, version);
	tls_must(pair_agree(pair));
	if (version == TLS1_2_VERSION)
		tls_peer_keys(&pair->peer);
}

static void
say(struct pair *pair, const char *bytes, size_t len)
{
	tls_must(SSL_write(pair->peer.ssl, bytes, (int)len) == (int)len);
}

/* ---- what is read ---- */

static void
test_agreement(struct tls *tls, int version, const char *name)
{
	struct pair pair;

	pair_open(&pair, tls, version);
	is_str(tls_fault(pair.session), "no TLS is agreed on", "%s: no agreement yet", name);
	ok(pair_agree(&pair), "%s: agreement", name);
	ok(!tls_fault(pair.session), "%s: and no fault", name);
	say(&pair, "hello", 5);
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, 5, "%s: bytes arrive", name);
	ok(memcmp(pair.bytes, "hello", 5) == 0, "%s: as they were sent", name);
	is_int(tls_write(pair.session, "back", 4), 4, "%s: and others go back", name);
	pair_hear(&pair);
	is_int(SSL_read(pair.peer.ssl, pair.bytes, 10), 4, "%s: to the peer", name);
	pair_turn(&pair);
	is_int(pair.result, STREAM_WAIT, "%s: then there is nothing", name);
	pair_close(&pair);
}

/* Changed on its way: that is the end, and no failure of an agreement. */
static void
test_broken_record(struct tls *tls, int version, const char *name)
{
	uint64_t failures = tls_failures(tls);
	struct pair pair;

	pair_begin(&pair, tls, version);
	say(&pair, "one", 3);
	tls_peer_take(&pair.peer, &pair.sending);
	say(&pair, "two", 3);
	tls_peer_take(&pair.peer, &pair.sending);
	pair.sending.at[pair.sending.len - 1] ^= 1;
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, 3, "%s: what came before a broken record is read", name);
	pair_turn(&pair);
	is_int(pair.result, STREAM_GONE, "%s: then the session is gone", name);
	ok(tls_is_up(pair.session) && !tls_fault(pair.session), "%s: but was agreed on", name);
	is_int(tls_write(pair.session, "y", 1), STREAM_GONE, "%s: nothing can be sent", name);
	is_int(tls_failures(tls), failures, "%s: and no agreement has failed", name);
	pair_close(&pair);
}

static void
test_records_of_a_turn(struct tls *tls)
{
	size_t total = 0, most = 0;
	struct pair pair;

	pair_begin(&pair, tls, TLS1_3_VERSION);
	for (int i = 0; i < ENDLESS; i++)
		say(&pair, "x", 1);
	while (total < ENDLESS) {
		pair_send(&pair);
		pair_turn(&pair);
		if (pair.result < 0)
			break;
		total += (size_t)pair.result;
		if ((size_t)pair.result > most)
			most = (size_t)pair.result;
	}
	is_int(total, ENDLESS, "2,000 records of one byte all arrive");
	is_int(most, TURN_RECORDS, "but no more than 65 in a turn");
	pair_close(&pair);
}

static int
unread(const struct pair *pair)
{
	int bytes = 0;

	tls_must(ioctl(pair->fd, FIONREAD, &bytes) == 0);
	return bytes;
}

static void
test_bytes_of_a_turn(struct tls *tls)
{
	struct pair pair;
	int before;

	pair_begin(&pair, tls, TLS1_3_VERSION);
	SSL_set_block_padding(pair.peer.ssl, 16384);
	/* Since OpenSSL 3.2 it holds only from the next keys on. */
	tls_must(SSL_key_update(pair.peer.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
	say(&pair, "x", 1);
	pair_send(&pair);
	pair_turn(&pair);
	for (int i = 0; i < 8; i++)
		say(&pair, "x", 1);
	pair_send(&pair);
	before = unread(&pair);
	pair_turn(&pair);
	ok(before > 7 * 16384 && before - unread(&pair) <= (int)SHARE + 17000,
		"of padded records a turn takes its bytes and a record, no more");
	is_int(pair.result, 4, "which carry four bytes");
	pair_close(&pair);
}

/* ---- what carries nothing ---- */

static void
add_update(struct pair *pair, int number)
{
	(void)number;
	tls_must(SSL_key_update(pair->peer.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
	tls_must(SSL_do_handshake(pair->peer.ssl) == 1);
}

static void
add_request(struct pair *pair, int number)
{
	(void)number;
	tls_must(SSL_key_update(pair->peer.ssl, SSL_KEY_UPDATE_REQUESTED) == 1);
	tls_must(SSL_do_handshake(pair->peer.ssl) == 1);
}

static void
add_update_and_byte(struct pair *pair, int number)
{
	add_update(pair, number);
	say(pair, "x", 1);
}

static void
add_renegotiation(struct pair *pair, int number)
{
	static const char hello[45] = {1, 0, 0, 41, 3, 3};

	(void)number;
	tls_peer_forge(&pair->peer, &pair->sending, SSL3_RT_HANDSHAKE, hello, sizeof(hello));
}

/* A few empty ones at a time, which OpenSSL lets in. */
static void
add_empty(struct pair *pair, int number)
{
	tls_peer_forge(&pair->peer, &pair->sending, SSL3_RT_APPLICATION_DATA, "x",
		number % 20 == 19 ? 1 : 0);
}

static void
add_warning(struct pair *pair, int number)
{
	static const char warning[2] = {SSL3_AL_WARNING, SSL_AD_USER_CANCELLED};

	if (number % 4 == 3)
		tls_peer_forge(&pair->peer, &pair->sending, SSL3_RT_APPLICATION_DATA, "x", 1);
	else
		tls_peer_forge(&pair->peer, &pair->sending, SSL3_RT_ALERT, warning, 2);
}

/* The session is gone long before it has read them all, and a turn never takes many. */
static void
test_idle(struct tls *tls, int version, void (*add)(struct pair *, int), const char *name)
{
	int left, before, most = 0, turns = 0;
	struct pair pair;
	size_t size;

	pair_begin(&pair, tls, version);
	for (int i = 0; i < ENDLESS; i++)
		add(&pair, i);
	tls_peer_take(&pair.peer, &pair.sending);
	size = pair.sending.len / ENDLESS; /* of a record, about */
	do {
		pair_send(&pair);
		before = unread(&pair);
		pair_turn(&pair);
		left = unread(&pair);
		if (before - left > most)
			most = before - left;
	} while (pair.result != STREAM_GONE && left > 0 && ++turns < ENDLESS);
	is_int(pair.result, STREAM_GONE, "%s end the session", name);
	ok(left + (int)pair.sending.len > (ENDLESS - 400) * (int)size, "%s: few of them are read",
		name);
	ok(most <= (TURN_RECORDS + 1) * 2 * (int)size, "%s: few in a turn", name);
	is_str(tls_fault(pair.session), "it sends TLS records that carry nothing", "%s: why", name);
	pair_close(&pair);
}

static void
test_few_updates(struct tls *tls)
{
	struct pair pair;

	pair_begin(&pair, tls, TLS1_3_VERSION);
	for (int i = 0; i < 100; i++) {
		add_request(&pair, i);
		say(&pair, "x", 1);
		pair_send(&pair);
		do
			pair_turn(&pair);
		while (pair.result == STREAM_WAIT && unread(&pair) > 0);
		if (pair.result != 1 || tls_write(pair.session, "y", 1) != 1)
			break;
		pair_hear(&pair);
		if (SSL_read(pair.peer.ssl, pair.bytes, 10) != 1)
			break;
	}
	is_int(pair.result, 1, "a hundred key updates that are asked for go through");
	pair_close(&pair);
}

/*
 * The answer to a key update finds no room: until there is some nothing can be read, whatever has
 * come, and poll(2) is to be asked for room alone.
 */
static void
test_no_room(struct tls *tls)
{
	struct pair pair;
	char junk[4096] = {0};
	ssize_t filled = 0, count;

	pair_begin(&pair, tls, TLS1_3_VERSION);
	while ((count = send(pair.fd, junk, sizeof(junk), MSG_NOSIGNAL)) > 0)
		filled += count;
	add_request(&pair, 0);
	say(&pair, "x", 1);
	pair_send(&pair);
	do
		pair_turn(&pair);
	while (pair.result == STREAM_WAIT && unread(&pair) > 0);
	is_int(pair.result, 1, "a key update asks for another, and a byte follows");
	is_int(tls_write(pair.session, "y", 1), STREAM_WAIT, "there is no room for the answer");
	ok(!tls_wants_write(pair.session), "nothing is to be read");
	say(&pair, "z", 1);
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, STREAM_WAIT, "what comes then is not read");
	ok(tls_wants_write(pair.session), "before there is room");
	while (filled > 0)
		filled -= recv(pair.peer_fd, junk, sizeof(junk), 0);
	pair_turn(&pair);
	is_int(pair.result, 1, "with room it is");
	ok(!tls_wants_write(pair.session), "and room is not waited for");
	is_int(tls_write(pair.session, "y", 1), 1, "the byte goes out");
	pair_close(&pair);
}

/* ---- before there is agreement ---- */

/* Appends a handshake message cut into records of so many bytes. */
static void
cut_records(struct chat_buf *into, const char *message, size_t len, size_t piece)
{
	while (len > 0) {
		size_t now = piece < len ? piece : len;
		const char header[5] = {SSL3_RT_HANDSHAKE, 3, 1, (char)(now >> 8), (char)now};

		chat_buf_append(into, header, sizeof(header));
		chat_buf_append(into, message, now);
		message += now;
		len -= now;
	}
}

static void
test_hello_in_pieces(struct tls *tls)
{
	struct chat_buf hello = {0};
	struct pair pair;

	pair_open(&pair, tls, TLS1_3_VERSION);
	tls_peer_shake(&pair.peer);
	tls_peer_take(&pair.peer, &hello);
	cut_records(&pair.sending, hello.at + 5, hello.len - 5, 16);
	ok(pair_agree(&pair), "a ClientHello in records of 16 bytes leads to agreement");
	pair_close(&pair);

	pair_open(&pair, tls, TLS1_3_VERSION);
	cut_records(&pair.sending, hello.at + 5, hello.len - 5, 1);
	for (int i = 0; i < 10 && pair.result != STREAM_GONE; i++) {
		pair_send(&pair);
		pair_turn(&pair);
	}
	is_int(pair.result, STREAM_GONE, "one in records of a byte ends the session");
	is_str(tls_fault(pair.session), "it sends TLS records that carry nothing", "and why");
	pair_close(&pair);
	chat_buf_free(&hello);
}

static void
test_groups(struct tls *tls)
{
	struct pair pair;

	pair_open(&pair, tls, TLS1_3_VERSION);
	tls_must(SSL_set1_groups_list(pair.peer.ssl, "ffdhe8192:ffdhe2048") == 1);
	ok(!pair_agree(&pair), "no keys over finite fields: they cost the server too much");
	pair_close(&pair);
}

int
main(void)
{
	struct chat_err err = {0};
	char path[32];
	struct tls_files files = {.cert = path};
	struct tls *tls;

	tls_make_certificate(path, sizeof(path));
	tls = tls_open(&files, &err);
	if (!ok(tls != NULL, "a certificate is loaded"))
		return printf("# %s\n", err.text), done();
	test_agreement(tls, TLS1_2_VERSION, "TLS 1.2");
	test_agreement(tls, TLS1_3_VERSION, "TLS 1.3");
	test_broken_record(tls, TLS1_2_VERSION, "TLS 1.2");
	test_broken_record(tls, TLS1_3_VERSION, "TLS 1.3");
	test_records_of_a_turn(tls);
	test_bytes_of_a_turn(tls);
	test_idle(tls, TLS1_3_VERSION, add_update, "key updates");
	test_idle(tls, TLS1_3_VERSION, add_request, "key updates that ask for one");
	test_idle(tls, TLS1_3_VERSION, add_update_and_byte, "key updates between bytes");
	test_idle(tls, TLS1_2_VERSION, add_renegotiation, "renegotiations");
	test_idle(tls, TLS1_2_VERSION, add_empty, "empty records");
	test_idle(tls, TLS1_2_VERSION, add_warning, "warnings");
	test_few_updates(tls);
	test_no_room(tls);
	test_hello_in_pieces(tls);
	test_groups(tls);
	tls_close(tls);
	return done();
}
