/*
 * A client of TLS that costs a server as much as it can, for a while:
 *
 *	tls_storm PORT KIND SECONDS       on 127.0.0.1
 *
 * KIND is what it sends over and over: `updates` of its keys; `requests`, which ask for one back;
 * `renegotiations` (TLS 1.2); `bytes`, records of one byte each; `hellos`, the same ClientHello on
 * two hundred connections at once. A connection that ends is followed by the next. It reads nothing
 * once there is agreement. At the end it prints a line of JSON: the connections, and the records
 * sent on them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text/clock.h"
#include "tls_peer.h"

#define BURST 200 /* records gathered for one send */
#define CROWD 200 /* connections at once */

struct storm {
	uint16_t port;
	const char *kind;
	SSL_CTX *context;
	int64_t end_ms;
	unsigned long connections, records;
};

static int
connect_to(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	perror("connect");
	exit(1);
}

/* Sends all of it, however long that takes; whether the connection still stands. */
static bool
send_all(const struct storm *storm, int fd, struct chat_buf *bytes)
{
	size_t sent = 0;

	while (sent < bytes->len) {
		struct pollfd waiting = {.fd = fd, .events = POLLOUT};
		ssize_t count =
			send(fd, bytes->at + sent, bytes->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno != EAGAIN)
			return false;
		if (count > 0)
			sent += (size_t)count;
		else
			poll(&waiting, 1, 100);
		if (chat_now_ms() > storm->end_ms)
			return false;
	}
	bytes->len = 0;
	return true;
}

/* Until there is agreement. */
static bool
agree(const struct storm *storm, struct tls_peer *peer, int fd, struct chat_buf *bytes)
{
	char heard[16384];
	ssize_t count;

	for (;;) {
		bool done = tls_peer_shake(peer);

		tls_peer_take(peer, bytes);
		if (!send_all(storm, fd, bytes))
			return false;
		if (done)
			return true;
		count = recv(fd, heard, sizeof(heard), 0);
		if (count <= 0)
			return false;
		tls_peer_hear(peer, heard, (size_t)count);
	}
}

static void
add_record(const struct storm *storm, struct tls_peer *peer, struct chat_buf *bytes)
{
	static const char hello[45] = {1, 0, 0, 41, 3, 3};

	if (strcmp(storm->kind, "renegotiations") == 0) {
		tls_peer_forge(peer, bytes, SSL3_RT_HANDSHAKE, hello, sizeof(hello));
		return;
	}
	if (strcmp(storm->kind, "bytes") == 0) {
		tls_must(SSL_write(peer->ssl, "G", 1) == 1);
	} else {
		tls_must(SSL_key_update(peer->ssl,
				 strcmp(storm->kind, "requests") == 0
					 ? SSL_KEY_UPDATE_REQUESTED
					 : SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
		tls_must(SSL_do_handshake(peer->ssl) == 1);
	}
	tls_peer_take(peer, bytes);
}

/* One connection, until it ends. */
static void
storm_once(struct storm *storm)
{
	struct chat_buf bytes = {0};
	int fd = connect_to(storm->port);
	struct tls_peer peer;

	storm->connections++;
	tls_peer_open(&peer, storm->context);
	if (agree(storm, &peer, fd, &bytes)) {
		if (SSL_version(peer.ssl) == TLS1_2_VERSION)
			tls_peer_keys(&peer);
		do {
			for (int i = 0; i < BURST; i++)
				add_record(storm, &peer, &bytes);
			storm->records += BURST;
		} while (send_all(storm, fd, &bytes));
	}
	chat_buf_free(&bytes);
	tls_peer_close(&peer);
	close(fd);
}

/* Many ask for agreement at once, and go when the server has done its part. */
static void
storm_hellos(struct storm *storm, struct chat_span hello)
{
	char heard[16384];
	int fds[CROWD];

	for (int i = 0; i < CROWD; i++)
		fds[i] = connect_to(storm->port);
	for (int i = 0; i < CROWD; i++)
		tls_must(send(fds[i], hello.at, hello.len, MSG_NOSIGNAL) == (ssize_t)hello.len);
	for (int i = 0; i < CROWD; i++) {
		tls_must(recv(fds[i], heard, sizeof(heard), 0) > 0);
		close(fds[i]);
	}
	storm->connections += CROWD;
	storm->records += CROWD;
}

static void
storm_crowds(struct storm *storm)
{
	struct chat_buf hello = {0};
	struct tls_peer peer;

	tls_peer_open(&peer, storm->context);
	tls_peer_shake(&peer);
	tls_peer_take(&peer, &hello);
	while (chat_now_ms() < storm->end_ms)
		storm_hellos(storm, chat_buf_span(&hello));
	tls_peer_close(&peer);
	chat_buf_free(&hello);
}

int
main(int argc, char **argv)
{
	struct storm storm = {0};

	if (argc != 4)
		return 64;
	storm.port = (uint16_t)atoi(argv[1]);
	storm.kind = argv[2];
	storm.end_ms = chat_now_ms() + (int64_t)(1000 * atof(argv[3]));
	storm.context = tls_peer_context(
		strcmp(storm.kind, "renegotiations") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
	if (strcmp(storm.kind, "hellos") == 0)
		storm_crowds(&storm);
	while (chat_now_ms() < storm.end_ms)
		storm_once(&storm);
	SSL_CTX_free(storm.context);
	printf("{\"connections\":%lu,\"records\":%lu}\n", storm.connections, storm.records);
	return 0;
}
