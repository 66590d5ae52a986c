/* Opens connections, and draws what to do with each from the chance of the world. */
#include "simulation/adversary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "simulation/address.h"
#include "simulation/adversary_private.h"
#include "simulation/calls.h"
#include "simulation/kernel.h"
#include "simulation/tls.h"

#define CONNECTIONS 8
#define CROWD 40 /* connections that say nothing */
#define FORGOTTEN_NS (100 * SECOND) /* at most */
#define SEND_TRIES 200
#define SEND_PAUSE_NS (2 * MILLISECOND)
#define BUSY_TURNS 400
#define PAUSE_NS (100 * MILLISECOND)
#define LONG_PAUSE_NS (5 * SECOND)
#define DEAF_BYTES 4096 /* that the kernel holds for who does not read */
#define PORT 3001
#define METRICS_PORT 3002

enum stage {
	CLOSED,
	OPEN, /* nothing was said */
	ASKED, /* a head was sent */
	JOINED, /* init was sent */
	MONITOR /* of metrics */
};

struct connection {
	int fd;
	struct sim_tls *tls; /* NULL: it is spoken plainly */
	enum stage stage;
	bool deaf; /* it does not read */
	size_t owed; /* bytes of a big message */
	bool may_be_forgotten;
	int64_t forgotten_until_ns;
};

struct adversary {
	struct evil evil;
	struct connection connections[CONNECTIONS];
};

/* ---- opening ---- */

struct route {
	char trait; /* that the server must have; 0: none */
	const char *to,
		*from; /* from ends with the adversary's number if it ends with a dot or colon
			*/
};

static const struct route routes[] = {
	{0, "127.0.0.1", "127.0.0.1"}, /* and a digit: not those of honest ones */
	{0, "127.0.0.1", "127.0.0.200"}, /* which may be a proxy */
	{'u', "/chat", NULL},
	{'6', "::1", "::1"},
	{'w', "10.0.0.1", "10.66.0."},
	{'w', "10.0.0.1", "10.66.0."},
	{'w', "10.0.0.1", "10.99.0.1"},
	{'w', "2001:db8::1", "2001:db8:66:"},
	{'w', "2001:db8::1", "2001:db8:99::"},
};

static const struct route monitors[] = {
	{'m', "127.0.0.1", "127.0.0.1"},
	{'m', "::1", "::1"},
	{'m', "/metrics", NULL},
};

static struct sockaddr_storage
unix_address(const char *path)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};

	if (path)
		strcpy(((struct sockaddr_un *)&address)->sun_path, path);
	return address;
}

static void
connect_by(struct adversary *adversary, struct connection *connection, const struct route *route,
	unsigned port)
{
	struct sockaddr_storage to, from;
	const char *number = adversary->evil.number;
	char text[64];

	if (*route->to == '/') {
		to = unix_address(route->to);
		from = unix_address(NULL);
	} else {
		snprintf(text, sizeof(text), "%s%s%s", route->from, number,
			strcmp(route->from, "2001:db8:66:") == 0 ? "::1" : "");
		if (!address_read(&from, text, 0) && !address_read(&from, route->from, 0))
			abort();
		address_read(&to, route->to, port);
	}
	connection->fd = sim_socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connection->fd < 0)
		return;
	connection->deaf = evil_below(4) == 0;
	if (connection->deaf)
		socket_set_receive_bytes(process_file(connection->fd), DEAF_BYTES);
	socket_connect(process_file(connection->fd), &to, &from);
}

static void
open_connection(struct adversary *adversary, struct connection *connection)
{
	const struct evil *evil = &adversary->evil;
	bool asks = evil_has(evil, 'm') && evil_below(4) == 0;
	const struct route *route;

	do
		route = asks ? &monitors[evil_below(sizeof(monitors) / sizeof(*monitors))]
			     : &routes[evil_below(sizeof(routes) / sizeof(*routes))];
	while (route->trait && !evil_has(evil, route->trait));
	connect_by(adversary, connection, route, asks ? METRICS_PORT : PORT);
	connection->stage = asks ? MONITOR : OPEN;
	if (connection->fd < 0)
		connection->stage = CLOSED;
}

static void
close_connection(struct connection *connection)
{
	sim_tls_close(connection->tls);
	if (connection->stage != CLOSED)
		sim_close(connection->fd);
	*connection =
		(struct connection){.fd = -1, .may_be_forgotten = connection->may_be_forgotten};
}

/* Many connections from one address, which are closed soon. */
static void
be_a_crowd(struct adversary *adversary)
{
	const struct route *route = &routes[evil_has(&adversary->evil, 'w') ? 4 : 0];
	struct connection crowd[CROWD];

	for (int i = 0; i < CROWD; i++) {
		crowd[i] = (struct connection){.fd = -1, .stage = OPEN};
		connect_by(adversary, &crowd[i], route, PORT);
	}
	task_wait(world_now_ns() + chance_scale(world_chance(), 3 * SECOND));
	for (int i = 0; i < CROWD; i++)
		close_connection(&crowd[i]);
}

/* ---- TLS ---- */

/* Takes one of its names, mostly; or two, one of them of somebody else; or none. */
static void
take_name(const struct evil *evil, struct identity *identity, char *name, size_t size)
{
	snprintf(name, size, "evil%s-%d", evil->number, (int)evil_below(3));
	if (evil_below(8) == 0)
		return;
	identity->name = name;
	if (evil_below(4) == 0)
		identity->other = "speaker0";
}

/* Begins TLS, mostly, and ends it or not. */
static void
begin_tls(const struct evil *evil, struct connection *connection)
{
	struct sim_tls_manner manner = {0};
	char name[32];

	if (!evil_has(evil, 's') || evil_below(5) == 0)
		return;
	if (evil_below(3) == 0)
		manner.spoils = (unsigned)chance_scale(world_chance(), 500);
	if (evil_below(3) == 0)
		manner.silent_after = chance_scale(world_chance(), 20000);
	if (evil_has(evil, 'c'))
		take_name(evil, &manner.identity, name, sizeof(name));
	connection->tls = sim_tls_open(connection->fd, &manner);
	for (uint64_t turns = evil_below(50); turns > 0; turns--) {
		if (sim_tls_connect(connection->tls) == 1 || errno != EAGAIN)
			return;
		task_wait(world_now_ns() + chance_scale(world_chance(), 50 * MILLISECOND));
	}
}

/* ---- using ---- */

static void
read_some(struct adversary *adversary, struct connection *connection)
{
	static char bytes[16384]; /* not used after a wait */
	uint64_t reads = connection->deaf ? 0 : evil_below(20);
	ssize_t count = 1;

	for (; reads > 0 && count > 0; reads--) {
		count = connection->tls ? sim_tls_receive(connection->tls, bytes, sizeof(bytes))
					: sim_recv(connection->fd, bytes, sizeof(bytes), 0);
		if (count > 0)
			evil_steal(&adversary->evil, bytes, (size_t)count);
	}
}

/* It may speak plainly all of a sudden. */
static ssize_t
send_once(const struct connection *connection, const char *bytes, size_t len)
{
	if (!connection->tls || evil_below(100) == 0)
		return sim_send(connection->fd, bytes, len, 0);
	if (evil_below(20) == 0)
		sim_tls_babble(connection->tls, (unsigned)chance_scale(world_chance(), 300));
	return sim_tls_send(connection->tls, bytes, len);
}

/* Sends all of it, unless that takes long. Returns true if it did. */
static bool
send_all(const struct connection *connection, const char *bytes, size_t len)
{
	for (int tries = 0; len && tries < SEND_TRIES; tries++) {
		ssize_t count = send_once(connection, bytes, len);

		if (count < 0 && errno != EAGAIN)
			return false;
		if (count > 0) {
			bytes += count;
			len -= (size_t)count;
		}
		if (len)
			task_wait(world_now_ns() + SEND_PAUSE_NS);
	}
	return len == 0;
}

static void
say(struct adversary *adversary, struct connection *connection)
{
	struct evil *evil = &adversary->evil;

	if (evil_below(6) == 0)
		evil_mutate(evil);
	if (evil->len && evil_below(4))
		send_all(connection, evil->bytes, evil->len);
	else if (evil->len)
		send_once(connection, evil->bytes, evil->len);
	evil->len = 0;
}

/* Sends more of a big message; it may end in the middle. */
static void
say_more(struct adversary *adversary, struct connection *connection)
{
	struct evil *evil = &adversary->evil;
	bool goes_on = true;

	for (uint64_t turns = 6 + evil_below(11); turns > 0 && goes_on && connection->owed > 2;
		turns--) {
		size_t len = connection->owed - 2 < EVIL_BYTES ? connection->owed - 2 : EVIL_BYTES;

		memset(evil->bytes, 'x', len);
		goes_on = send_all(connection, evil->bytes, len);
		connection->owed -= len;
	}

	if (connection->owed == 2 && send_all(connection, "\"}", 2))
		connection->owed = 0;
}

static void
forget(struct connection *connection)
{
	connection->forgotten_until_ns =
		world_now_ns() + chance_scale(world_chance(), FORGOTTEN_NS);
}

static void
begin_big(struct adversary *adversary, struct connection *connection)
{
	struct evil *evil = &adversary->evil;

	connection->owed = evil_put_big_begin(evil);
	send_all(connection, evil->bytes, evil->len);
	say_more(adversary, connection);
	evil->len = 0;
	if (evil_below(4))
		forget(connection);
}

static void
say_as_member(struct adversary *adversary, struct connection *connection)
{
	struct evil *evil = &adversary->evil;

	if (connection->owed) {
		say_more(adversary, connection);
	} else if (evil_has(evil, 'b') && evil_below(3) == 0) {
		begin_big(adversary, connection);
	} else if (evil_below(5) == 0) {
		evil_put_control(evil);
	} else {
		for (uint64_t messages = 1 + evil_below(4); messages > 0; messages--)
			evil_put_message(evil);
	}
}

static void
speak(struct adversary *adversary, struct connection *connection)
{
	struct evil *evil = &adversary->evil;

	switch (connection->stage) {
	case OPEN:
		begin_tls(evil, connection);
		evil_put_head(evil);
		connection->stage = ASKED;
		if (evil_below(4))
			break;
		/* fall through */
	case ASKED:
		evil_put_init(evil);
		connection->stage = JOINED;
		if (evil_below(2))
			break;
		/* fall through */
	case JOINED:
		say_as_member(adversary, connection);
		break;
	default:
		evil_put_question(evil);
	}
	say(adversary, connection);
}

static void
use_connection(struct adversary *adversary, struct connection *connection)
{
	if (connection->forgotten_until_ns > world_now_ns())
		return;
	if (connection->stage == CLOSED)
		open_connection(adversary, connection);
	else if (connection->may_be_forgotten && evil_below(16) == 0)
		forget(connection);
	else if (evil_below(16) == 0)
		close_connection(connection);
	else if (evil_below(30) == 0)
		sim_shutdown(connection->fd, SHUT_WR);
	else if (evil_below(20) == 0)
		connection->stage = JOINED; /* without what comes before */
	else if (evil_below(3) == 0)
		read_some(adversary, connection);
	else
		speak(adversary, connection);
}

int
adversary_main(int argc, char **argv)
{
	struct adversary *adversary = sim_calloc(1, sizeof(*adversary));

	adversary->evil.number = argc > 1 ? argv[1] : "0";
	adversary->evil.traits = argc > 2 ? argv[2] : "";
	for (unsigned i = 0; i < CONNECTIONS; i++)
		adversary->connections[i] =
			(struct connection){.fd = -1, .may_be_forgotten = i % 2};
	for (unsigned turn = 0;; turn++) {
		struct connection *connection = &adversary->connections[evil_below(CONNECTIONS)];

		if (evil_below(100) == 0)
			be_a_crowd(adversary);
		else
			use_connection(adversary, connection);
		task_wait(world_now_ns() +
			chance_scale(world_chance(), turn < BUSY_TURNS ? PAUSE_NS : LONG_PAUSE_NS));
	}
}
