/*
 * Records of TLS through a real handshake: the input says what a client does and what becomes of
 * its records on the way (changed, lost, doubled, exchanged, cut, made up). Whatever that is, the
 * server reads a part of what the client wrote, from its beginning, and nothing else; a turn takes
 * a bounded part of the wire; and the client reads a part of what the server wrote.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "serve/net/tls.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../interop/tls_peer.h"
#include "fuzz.h"
#include "serve/net/stream.h"

#define SHARE ((size_t)64 << 10)
#define WIRE_MAX ((size_t)1 << 17) /* bytes on their way; more is not made */

static struct tls *tls;
static struct tls_files files;
static char certificate[32];
static SSL_CTX *clients[2]; /* of TLS 1.3, 1.2 */
static uint64_t random_state;

/* The same input is the same run. */
static int
fill_random(unsigned char *bytes, int len)
{
	for (int i = 0; i < len; i++) {
		random_state = random_state * 6364136223846793005U + 1442695040888963407U;
		bytes[i] = (unsigned char)(random_state >> 56);
	}
	return 1;
}

static int
random_is_ready(void)
{
	return 1;
}

struct send_run {
	const uint8_t *script;
	size_t left;
	struct tls_session *session;
	struct tls_peer peer;
	struct chat_buf wire; /* from the client, not delivered */
	size_t written, heard; /* of what the client wrote: all of it, what the server has read */
	size_t answered, got; /* likewise the other way */
	size_t held; /* the memory of what the server has not sent */
	size_t share; /* of the server's turns */
	int fd, peer_fd;
	bool gone;
};

static uint8_t
next(struct send_run *run)
{
	if (run->left == 0)
		return 0;
	run->left--;
	return *run->script++;
}

/* Returns the byte at this place of the stream that a side writes. */
static char
byte_at(size_t at)
{
	return (char)(at * 7 + at / 251);
}

static void
fill(char *bytes, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(from + i);
}

static void
check(const char *bytes, size_t len, size_t from)
{
	for (size_t i = 0; i < len; i++)
		need(bytes[i] == byte_at(from + i));
}

/* ---- the server ---- */

static int
unread(const struct send_run *run)
{
	int bytes = 0;

	need(ioctl(run->fd, FIONREAD, &bytes) == 0);
	return bytes;
}

static void
server_turn(struct send_run *run)
{
	static char bytes[SHARE];
	int before = unread(run);
	ssize_t result;

	if (run->gone)
		return;
	result = tls_read(run->session, bytes, sizeof(bytes), run->share);
	need(result >= STREAM_GONE && result <= (ssize_t)sizeof(bytes) && result != 0);
	need(before - unread(run) <= (int)(run->share + 17000));
	run->gone = result == STREAM_GONE;
	need(!run->gone || tls_is_up(run->session) || tls_fault(run->session));
	if (result < 0)
		return;
	need(tls_is_up(run->session) && run->heard + (size_t)result <= run->written);
	check(bytes, (size_t)result, run->heard);
	run->heard += (size_t)result;
}

/* Writes three pieces, which together are `len` bytes. */
static void
server_write(struct send_run *run, size_t len)
{
	static char bytes[4 * TLS_RECORD_MAX];
	size_t cut = len / 5;
	struct iovec pieces[3] = {{bytes, cut + 1}, {bytes + cut + 1, cut + 1},
		{bytes + 2 * cut + 2, len - 2 * cut + 1}};
	ssize_t taken;

	if (run->gone || !tls_is_up(run->session))
		return;
	fill(bytes, len + 3, run->answered);
	taken = tls_write(run->session, pieces, 3);
	need(taken == STREAM_GONE || taken == STREAM_WAIT ||
		(taken > 0 && (size_t)taken <= len + 3));
	if (taken > 0)
		run->answered += (size_t)taken;
	run->gone = taken == STREAM_GONE;
}

static void
server_flush(struct send_run *run)
{
	size_t before = tls_unsent(run->session);
	ssize_t sent;

	if (run->gone)
		return;
	sent = tls_flush(run->session);
	run->gone = sent == STREAM_GONE;
	need(run->gone || before == tls_unsent(run->session) + (size_t)sent);
	need(run->held >= tls_unsent(run->session) && !run->held == !tls_unsent(run->session));
}

/* ---- the client ---- */

/* Reads what came from the server, if it can be read. */
static void
client_hear(struct send_run *run)
{
	static char bytes[TLS_RECORD_MAX];
	ssize_t count = recv(run->peer_fd, bytes, sizeof(bytes), 0);

	if (count > 0)
		tls_peer_hear(&run->peer, bytes, (size_t)count);
	tls_peer_shake(&run->peer);
	while (SSL_is_init_finished(run->peer.ssl) &&
		(count = SSL_read(run->peer.ssl, bytes, sizeof(bytes))) > 0) {
		need(run->got + (size_t)count <= run->answered);
		check(bytes, (size_t)count, run->got);
		run->got += (size_t)count;
	}
	ERR_clear_error();
	tls_peer_take(&run->peer, &run->wire);
}

static void
client_write(struct send_run *run, size_t len)
{
	static char bytes[TLS_RECORD_MAX];

	if (run->wire.len > WIRE_MAX || len == 0 || !SSL_is_init_finished(run->peer.ssl))
		return;
	fill(bytes, len, run->written);
	if (SSL_write(run->peer.ssl, bytes, (int)len) == (int)len)
		run->written += len;
	ERR_clear_error();
	tls_peer_take(&run->peer, &run->wire);
}

static void
client_update(struct send_run *run, bool ask)
{
	if (run->wire.len > WIRE_MAX || SSL_version(run->peer.ssl) != TLS1_3_VERSION ||
		!SSL_is_init_finished(run->peer.ssl))
		return;
	SSL_key_update(
		run->peer.ssl, ask ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
	SSL_do_handshake(run->peer.ssl);
	ERR_clear_error();
	tls_peer_take(&run->peer, &run->wire);
}

/* ---- the way ---- */

static void
deliver(struct send_run *run, size_t len)
{
	ssize_t count;

	if (len > run->wire.len)
		len = run->wire.len;
	count = send(run->peer_fd, run->wire.at, len, MSG_NOSIGNAL);
	if (count > 0)
		chat_buf_drop(&run->wire, (size_t)count);
	server_turn(run);
}

/* The bytes of the first record on the way. */
static size_t
record_size(const struct chat_buf *wire)
{
	const unsigned char *at = (const unsigned char *)wire->at;
	size_t size = wire->len < 5 ? wire->len : 5U + ((size_t)at[3] << 8 | at[4]);

	return size < wire->len ? size : wire->len;
}

/* The first record comes a second time, behind the others or (later) before itself. */
static void
double_record(struct send_run *run)
{
	size_t size = record_size(&run->wire);
	struct chat_buf record = {0};

	if (run->wire.len > WIRE_MAX)
		return;
	chat_buf_append(&record, run->wire.at, size);
	chat_buf_append(&run->wire, record.at, record.len);
	chat_buf_free(&record);
}

static void
flip(struct send_run *run)
{
	size_t at = next(run) | (size_t)next(run) << 8;

	if (at < run->wire.len)
		run->wire.at[at] ^= (char)(1 + next(run) % 255);
}

static void
make_up(struct send_run *run)
{
	uint8_t len = next(run);
	struct chat_buf wire = {0};
	char header[5] = {(char)(20 + next(run) % 5), 3, 3, 0, (char)len};

	chat_buf_append(&wire, header, sizeof(header));
	for (int i = 0; i < len; i++) {
		char byte = (char)next(run);

		chat_buf_append(&wire, &byte, 1);
	}
	chat_buf_append(&wire, run->wire.at, run->wire.len);
	chat_buf_free(&run->wire);
	run->wire = wire;
}

static void
step(struct send_run *run)
{
	switch (next(run) % 14) {
	case 0:
		client_hear(run);
		break;
	case 1:
		client_write(run, next(run));
		break;
	case 2:
		client_write(run, (size_t)next(run) * 64);
		break;
	case 3:
		client_update(run, next(run) & 1);
		break;
	case 4:
		for (int i = 1 + next(run) % 200; i > 0; i--)
			client_update(run, false);
		break;
	case 5:
		deliver(run, record_size(&run->wire));
		break;
	case 6:
		deliver(run, run->wire.len);
		break;
	case 7:
		deliver(run, next(run));
		break;
	case 8:
		flip(run);
		break;
	case 9:
		chat_buf_drop(&run->wire, record_size(&run->wire));
		break;
	case 10:
		double_record(run);
		break;
	case 11:
		make_up(run);
		break;
	case 12:
		server_write(run, (size_t)next(run) * (next(run) & 1 ? 250 : 4));
		break;
	case 13:
		server_flush(run);
		break;
	}
}

static void
agree(struct send_run *run)
{
	for (int i = 0; i < 6; i++) {
		client_hear(run);
		deliver(run, run->wire.len);
	}
	need(tls_is_up(run->session));
}

/* The first byte: which version, and whether there is agreement before the rest begins. */
static void
run_open(struct send_run *run, const uint8_t *data, size_t size)
{
	int fds[2];

	*run = (struct send_run){.script = data, .left = size};
	run->share = *data & 4 ? SHARE / 32 : SHARE;
	random_state = 1;
	need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	run->fd = fds[0];
	run->peer_fd = fds[1];
	run->session = tls_accept(tls, run->fd, &run->held);
	need(run->session != NULL);
	tls_peer_open(&run->peer, clients[*data & 1]);
	if (next(run) & 2)
		agree(run);
}

static void
run_close(struct send_run *run)
{
	for (int i = 0; i < 200 && !run->gone && (run->wire.len || unread(run)); i++)
		deliver(run, run->wire.len);
	tls_close_notify(run->session);
	tls_session_free(run->session);
	need(run->held == 0);
	tls_peer_close(&run->peer);
	chat_buf_free(&run->wire);
	close(run->fd);
	close(run->peer_fd);
	ERR_clear_error();
}

static void
open_server(void)
{
	static const RAND_METHOD method = {
		.bytes = fill_random, .pseudorand = fill_random, .status = random_is_ready};

	RAND_set_rand_method(&method);
	tls_make_certificate(certificate, sizeof(certificate));
	files.cert = certificate;
	tls = tls_open(&files, NULL);
	need(tls != NULL);
	clients[0] = tls_peer_context(TLS1_3_VERSION);
	clients[1] = tls_peer_context(TLS1_2_VERSION);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct send_run run;

	if (size == 0)
		return 0;
	if (!tls)
		open_server();
	run_open(&run, data, size);
	while (run.left > 0)
		step(&run);
	run_close(&run);
	return 0;
}
