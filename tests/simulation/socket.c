/* Sockets: listeners, and connections of two ways. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "simulation/address.h"
#include "simulation/kernel.h"
#include "simulation/way.h"

#define SOCKET_LEAST 64 /* bytes that the kernel holds of a direction */

/* ---- sockets ---- */

struct waiting {
	struct waiting *next;
	struct socket *client; /* NULL: it has gone */
};

struct socket {
	struct file *file; /* borrowed; NULL: closed */
	unsigned refs; /* its file, and a connection that is on its way */
	struct way *in, *out; /* NULL: not connected */
	struct waiting *backlog; /* of a listener */
	struct socket *next; /* of all listeners */
	struct socket *accepted; /* the server's end of a client that waits to be accepted */
	struct sockaddr_storage address, peer;
	size_t receive_bytes; /* which its program wants; 0: drawn */
	int error;
	bool listens, connecting, connected;
};

static struct socket *listeners;

static void socket_close(struct file *file);

static void
socket_unref(struct socket *socket)
{
	if (--socket->refs == 0)
		free(socket);
}

static ssize_t
socket_read(struct file *file, void *bytes, size_t size)
{
	struct socket *socket = file->data;

	if (socket->in)
		return way_read(socket->in, bytes, size);
	errno = socket->error ? socket->error : socket->connecting ? EAGAIN : ENOTCONN;
	return -1;
}

static ssize_t
socket_write(struct file *file, const void *bytes, size_t len)
{
	struct socket *socket = file->data;

	if (socket->out && socket->connected)
		return way_write(socket->out, bytes, len);
	errno = socket->error ? socket->error : socket->connecting ? EAGAIN : EPIPE;
	return -1;
}

static short
socket_ready(struct file *file)
{
	struct socket *socket = file->data;
	short ready = 0;

	if (socket->listens)
		return socket->backlog ? POLLIN : 0;
	if (socket->error)
		return POLLIN | POLLOUT | POLLERR | POLLHUP;
	if (!socket->connected)
		return 0;
	if (socket->in->arrived || socket->in->end_arrived || socket->in->reset)
		ready |= POLLIN;
	if (socket->out->len < socket->out->cap || socket->out->reset || socket->out->ended)
		ready |= POLLOUT;
	if (socket->in->reset)
		ready |= POLLERR | POLLHUP;
	if (socket->in->end_arrived && socket->out->ended)
		ready |= POLLHUP;
	return ready;
}

static void
socket_status(struct file *file, struct stat *status)
{
	(void)file;
	status->st_mode = S_IFSOCK | 0600;
}

static const struct file_kind socket_kind = {
	.read = socket_read,
	.write = socket_write,
	.ready = socket_ready,
	.close = socket_close,
	.status = socket_status,
};

bool
is_socket(const struct file *file)
{
	return file->kind == &socket_kind;
}

static struct socket *
socket_make(int family, int flags)
{
	struct socket *socket = calloc(1, sizeof(*socket));

	if (!socket)
		abort();
	socket->refs = 1;
	socket->address.ss_family = (sa_family_t)family;
	socket->file = file_new(&socket_kind, O_RDWR | (flags & O_NONBLOCK), socket);
	return socket;
}

struct file *
socket_new(int family, int flags)
{
	return socket_make(family, flags)->file;
}

static struct socket *
find_listener(const struct sockaddr_storage *to)
{
	struct socket *socket = listeners;

	while (socket && !address_reaches(to, &socket->address))
		socket = socket->next;
	return socket;
}

int
socket_bind(struct file *file, const struct sockaddr_storage *address)
{
	struct socket *socket = file->data;

	if (find_listener(address) || chance_hits(world_chance(), world_faults()->accept_error))
		return fail_with(EADDRINUSE);
	if (address->ss_family == AF_UNIX &&
		disk_make_socket(((const struct sockaddr_un *)address)->sun_path) < 0)
		return fail_with(errno == EEXIST ? EADDRINUSE : errno);
	socket->address = *address;
	if (address_port(address) == 0)
		address_set_port(
			&socket->address, (unsigned)chance_between(world_chance(), 4000, 4002));
	return 0;
}

int
socket_listen(struct file *file)
{
	struct socket *socket = file->data;

	socket->listens = true;
	socket->next = listeners;
	listeners = socket;
	return 0;
}

const struct sockaddr_storage *
socket_address(const struct file *file)
{
	return &((struct socket *)file->data)->address;
}

/* Closes both directions. If bytes were not read, the other end gets a reset. */
static void
hang_up(struct socket *socket)
{
	struct way *in = socket->in, *out = socket->out;
	bool unread = in->arrived > 0 && !in->reset;

	in->reader = out->writer = NULL;
	if (out->reset)
		;
	else if (unread)
		way_reset(out);
	else
		way_end(out);
	in->reset = true; /* what the other end sends is answered with a reset */
	in->len = in->arrived = 0;
	if (in->writer)
		file_changed(in->writer);
	way_unref(in);
	way_unref(out);
	socket->in = socket->out = NULL;
}

static void
close_backlog(struct socket *socket)
{
	struct socket **at = &listeners;

	while (*at != socket)
		at = &(*at)->next;
	*at = socket->next;
	while (socket->backlog) {
		struct waiting *first = socket->backlog;

		socket->backlog = first->next;
		file_unref(first->client->file);
		free(first);
	}
}

static void
socket_close(struct file *file)
{
	struct socket *socket = file->data;

	if (socket->listens)
		close_backlog(socket);
	if (socket->in)
		hang_up(socket);
	socket->file = NULL;
	socket_unref(socket);
}

/* ---- connecting ---- */

struct request {
	struct socket *client;
	struct sockaddr_storage from, to;
};

static size_t
draw_bytes(void)
{
	int64_t most = world_faults()->socket_bytes;

	return most == SOCKET_BYTES ? SOCKET_BYTES
				    : SOCKET_LEAST + (size_t)chance_scale(world_chance(), most);
}

/* Connects two ends, each of which owns a half of two ways. */
static void
join(struct socket *client, struct socket *server)
{
	size_t up = draw_bytes(), down = draw_bytes();

	if (client->receive_bytes)
		down = client->receive_bytes;
	client->out = server->in = way_new(up, true);
	client->in = server->out = way_new(down, true);
	client->out->writer = client->in->reader = client->file;
	client->out->reader = client->in->writer = server->file;
	client->connected = server->connected = true;
}

void
socket_set_receive_bytes(struct file *file, size_t bytes)
{
	struct socket *socket = file->data;

	socket->receive_bytes = bytes;
}

void
socket_pair(int family, int flags, struct file *ends[2])
{
	ends[0] = socket_new(family, flags);
	ends[1] = socket_new(family, flags);
	join(ends[0]->data, ends[1]->data);
}

static void
refuse(struct socket *client)
{
	client->error = ECONNREFUSED;
	file_changed(client->file);
}

static void
on_request(void *arg)
{
	struct request *request = arg;
	struct socket *client = request->client, *listener = find_listener(&request->to), *server;
	struct waiting *waiting, **end;

	client->connecting = false;
	if (client->file && !listener) {
		refuse(client);
	} else if (client->file) {
		server = socket_make(request->to.ss_family, 0);
		server->address = request->to;
		server->peer = request->from;
		join(client, server);
		waiting = calloc(1, sizeof(*waiting));
		waiting->client = server;
		for (end = &listener->backlog; *end; end = &(*end)->next)
			;
		*end = waiting;
		file_changed(listener->file);
		file_changed(client->file);
	}
	socket_unref(client);
	free(request);
}

int
socket_connect(
	struct file *file, const struct sockaddr_storage *to, const struct sockaddr_storage *from)
{
	struct socket *client = file->data;
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		abort();
	*request = (struct request){client, *from, *to};
	address_set_port(&request->from, (unsigned)chance_between(world_chance(), 32768, 60999));
	if (to->ss_family == AF_UNIX && !find_listener(to)) { /* nothing is on its way */
		free(request);
		return fail_with(ECONNREFUSED);
	}
	client->refs++;
	client->connecting = true;
	world_at(world_now_ns() + way_latency_ns(), on_request, request);
	return fail_with(EINPROGRESS);
}

/* Errors of accept(2) although somebody waits. */
static const int accept_errors[] = {ECONNABORTED, EMFILE, ENOBUFS};
#define ACCEPT_ERRORS (sizeof(accept_errors) / sizeof(*accept_errors))

struct file *
socket_accept(struct file *file, struct sockaddr_storage *from)
{
	struct socket *listener = file->data;
	struct waiting *first = listener->backlog;
	struct socket *server;

	if (!first) {
		errno = EAGAIN;
		return NULL;
	}
	if (chance_hits(world_chance(), world_faults()->accept_error)) {
		errno = accept_errors[chance_below(world_chance(), ACCEPT_ERRORS)];
		return NULL;
	}
	listener->backlog = first->next;
	server = first->client;
	free(first);
	*from = server->peer;
	return server->file;
}

int
socket_shut_down(struct file *file, int how)
{
	struct socket *socket = file->data;

	if (!socket->connected || !socket->out) {
		errno = ENOTCONN;
		return -1;
	}
	if (how != SHUT_RD && !socket->out->reset)
		way_end(socket->out);
	return 0;
}

int
socket_error(struct file *file)
{
	struct socket *socket = file->data;
	int error = socket->error;

	return error;
}

size_t
socket_unsent(const struct file *file)
{
	const struct socket *socket = file->data;

	return socket->out ? socket->out->len - socket->out->arrived : 0;
}

/* ---- what a network does ---- */

static struct socket *
connection_of(struct process *process, int fd)
{
	struct file *file = process_file_of(process, fd);
	struct socket *socket = file && is_socket(file) ? file->data : NULL;

	return socket && socket->in ? socket : NULL;
}

void
sockets_reset(struct process *process)
{
	for (int fd = 0; fd < PROCESS_FDS; fd++) {
		struct socket *socket = connection_of(process, fd);

		if (!socket)
			continue;
		world_tally()->resets++;
		way_break(socket->in);
		way_break(socket->out);
	}
}

void
sockets_hold(struct process *process, int64_t until_ns)
{
	for (int fd = 0; fd < PROCESS_FDS; fd++) {
		struct socket *socket = connection_of(process, fd);

		if (socket)
			socket->in->held_ns = socket->out->held_ns = until_ns;
	}
}
