/*
 * A TLS client costs the server a bounded amount: a turn reads a bounded number of records and
 * bytes, whatever is in them, and records without data end the session.
 */
#include "serve/net/tls_private.h"

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
	size_t held; /* the memory of what the session has not sent */
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
	pair->session = tls_accept(tls, pair->fd, &pair->held);
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

/* Writes to the peer. Returns what tls_write() does. */
static ssize_t
answer(struct pair *pair, const char *bytes, size_t len)
{
	struct iovec piece = {(char *)bytes, len};

	return tls_write(pair->session, &piece, 1);
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
	is_int(answer(&pair, "back", 4), 4, "%s: and others go back", name);
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
	is_int(answer(&pair, "y", 1), STREAM_GONE, "%s: nothing can be sent", name);
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
		if (pair.result != 1 || answer(&pair, "y", 1) != 1)
			break;
		pair_hear(&pair);
		if (SSL_read(pair.peer.ssl, pair.bytes, 10) != 1)
			break;
	}
	is_int(pair.result, 1, "a hundred key updates that are asked for go through");
	pair_close(&pair);
}

/* Fills the socket to the peer. Returns the number of bytes in it. */
static ssize_t
fill_socket(const struct pair *pair)
{
	char junk[4096] = {0};
	ssize_t filled = 0, count;

	while ((count = send(pair->fd, junk, sizeof(junk), MSG_NOSIGNAL)) > 0)
		filled += count;
	return filled;
}

static void
empty_socket(const struct pair *pair, ssize_t filled)
{
	char junk[4096];

	while (filled > 0)
		filled -= recv(pair->peer_fd, junk, sizeof(junk), 0);
}

/* The answer to a key update finds no room: it waits, and what has come is read. */
static void
test_no_room(struct tls *tls)
{
	struct pair pair;
	ssize_t filled;

	pair_begin(&pair, tls, TLS1_3_VERSION);
	filled = fill_socket(&pair);
	add_request(&pair, 0);
	say(&pair, "x", 1);
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, 1, "a key update asks for another, and a byte follows");
	is_int(answer(&pair, "y", 1), 1, "there is no room for the answer, but it is taken");
	ok(tls_unsent(pair.session) > 0, "it is kept");
	ok(pair.held >= tls_unsent(pair.session), "and counted");
	is_int(answer(&pair, "z", 1), STREAM_WAIT, "then nothing else is taken");
	say(&pair, "z", 1);
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, 1, "what comes is read");
	is_int(tls_flush(pair.session), 0, "nothing is sent before there is room");
	empty_socket(&pair, filled);
	ok(tls_flush(pair.session) > 0, "with room it is");
	ok(!tls_unsent(pair.session) && !pair.held, "and nothing is kept any more");
	pair_hear(&pair);
	is_int(SSL_read(pair.peer.ssl, pair.bytes, 10), 1, "the peer has understood it");
	pair_close(&pair);
}

/*
 * A message of TLS of which half has come: OpenSSL writes nothing before the rest. The socket can
 * be written all the time, so poll(2) must not be asked for that.
 */
static void
test_half_a_message(struct tls *tls)
{
	static const char update[5] = {SSL3_MT_KEY_UPDATE, 0, 0, 1, SSL_KEY_UPDATE_NOT_REQUESTED};
	struct pair pair;

	pair_open(&pair, tls, TLS1_3_VERSION);
	SSL_set_app_data(pair.peer.ssl, &pair.peer);
	SSL_CTX_set_keylog_callback(pair.context, tls_peer_log);
	tls_must(pair_agree(&pair));
	tls_peer_keys_1_3(&pair.peer);
	tls_peer_forge_1_3(&pair.peer, &pair.sending, SSL3_RT_HANDSHAKE, update, 4);
	pair_send(&pair);
	pair_turn(&pair);
	is_int(pair.result, STREAM_WAIT, "the head of a key update alone comes");
	is_int(answer(&pair, "y", 1), STREAM_WAIT, "nothing can be written");
	ok(!tls_unsent(pair.session), "nothing is unsent either");
	ok(tls_waits_for_input(pair.session), "input is waited for");
	tls_peer_forge_1_3(&pair.peer, &pair.sending, SSL3_RT_HANDSHAKE, update + 4, 1);
	pair_send(&pair);
	pair_turn(&pair);
	ok(!tls_waits_for_input(pair.session), "it comes");
	is_int(answer(&pair, "y", 1), 1, "and something can be written");
	pair_close(&pair);
}

/* Pieces of all sizes: they arrive as they are, in few records, and a part at a time. */
static void
test_pieces(struct tls *tls, int version, const char *name)
{
	static char bytes[100000];
	struct iovec pieces[] = {{bytes, 1}, {bytes + 1, 9999}, {bytes + 10000, 40000},
		{bytes + 50000, 3}, {bytes + 50003, 49997}};
	struct pair pair;
	size_t got = 0;
	ssize_t taken;
	bool same = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 251);
	pair_begin(&pair, tls, version);
	taken = tls_write(pair.session, pieces, 5);
	is_int(taken, 4 * TLS_RECORD_MAX, "%s: four full records are made of five pieces", name);
	for (int i = 0; i < 100; i++) {
		int count;

		pair_hear(&pair);
		tls_must(tls_flush(pair.session) >= 0);
		while ((count = SSL_read(pair.peer.ssl, pair.bytes, sizeof(pair.bytes))) > 0) {
			same &= memcmp(pair.bytes, bytes + got, (size_t)count) == 0;
			got += (size_t)count;
		}
	}
	is_int(got, taken, "%s: they arrive", name);
	ok(same, "%s: as they were", name);
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

/* ---- tickets ---- */

/* Agrees with a peer that has this session; NULL: none. Returns its session after that. */
static SSL_SESSION *
meet(struct tls *tls, int version, SSL_SESSION *session, bool *resumed)
{
	SSL_SESSION *next;
	struct pair pair;

	pair_open(&pair, tls, version);
	SSL_set_session(pair.peer.ssl, session);
	tls_must(pair_agree(&pair) && answer(&pair, "y", 1) == 1);
	pair_hear(&pair);
	tls_must(SSL_read(pair.peer.ssl, pair.bytes, 1) == 1); /* the ticket comes before it */
	*resumed = SSL_session_reused(pair.peer.ssl);
	next = SSL_get1_session(pair.peer.ssl);
	SSL_shutdown(pair.peer.ssl);
	pair_close(&pair);
	return next;
}

static bool
resumes(struct tls *tls, int version, SSL_SESSION *session)
{
	bool resumed;

	SSL_SESSION_free(meet(tls, version, session, &resumed));
	return resumed;
}

static void
test_tickets(struct tls *tls, int version, const char *name)
{
	struct chat_err err = {0};
	SSL_SESSION *session, *later;
	bool resumed;

	session = meet(tls, version, NULL, &resumed);
	ok(!resumed, "%s: the first session is new", name);
	ok(resumes(tls, version, session), "%s: it is resumed with its ticket", name);
	tls->tickets.made_ms -= TLS_TICKET_MS;
	later = meet(tls, version, session, &resumed);
	ok(resumed, "%s: also when the server has a new key", name);
	tls->tickets.made_ms -= TLS_TICKET_MS;
	ok(!resumes(tls, version, session), "%s: not when it has another one after that", name);
	ok(resumes(tls, version, later), "%s: but with the ticket that came last", name);
	tls->tickets.made_ms -= 2 * TLS_TICKET_MS;
	ok(!resumes(tls, version, later), "%s: nor long after", name);
	SSL_SESSION_free(session);
	session = meet(tls, version, NULL, &resumed);
	ok(tls_reload(tls, &err) == 0 && !resumes(tls, version, session),
		"%s: nor after the certificate is read again", name);
	SSL_SESSION_free(session);
	SSL_SESSION_free(later);
}

/* A session that began before a reload gets a ticket that is good for nothing. */
static void
test_stale_ticket(struct tls *tls)
{
	struct chat_err err = {0};
	SSL_SESSION *session;
	struct pair pair;

	pair_open(&pair, tls, TLS1_3_VERSION);
	tls_must(tls_reload(tls, &err) == 0);
	tls_must(pair_agree(&pair) && answer(&pair, "y", 1) == 1);
	pair_hear(&pair);
	tls_must(SSL_read(pair.peer.ssl, pair.bytes, 1) == 1);
	session = SSL_get1_session(pair.peer.ssl);
	SSL_shutdown(pair.peer.ssl);
	pair_close(&pair);
	ok(SSL_SESSION_is_resumable(session), "an agreement during a reload gives a ticket");
	ok(!resumes(tls, TLS1_3_VERSION, session), "but it resumes nothing");
	SSL_SESSION_free(session);
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
	test_half_a_message(tls);
	test_pieces(tls, TLS1_2_VERSION, "TLS 1.2");
	test_pieces(tls, TLS1_3_VERSION, "TLS 1.3");
	test_hello_in_pieces(tls);
	test_groups(tls);
	test_tickets(tls, TLS1_2_VERSION, "TLS 1.2");
	test_tickets(tls, TLS1_3_VERSION, "TLS 1.3");
	test_stale_ticket(tls);
	tls_close(tls);
	return done();
}
