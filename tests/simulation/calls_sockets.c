/* Sockets, pipes, and waiting for them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "simulation/address.h"
#include "simulation/calls.h"
#include "simulation/kernel.h"

/* ---- waiting ---- */

int
sim_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return file_poll(fds, count,
		timeout_ms < 0 ? NEVER : world_now_ns() + (int64_t)timeout_ms * MILLISECOND);
}

int
sim_pipe2(int fds[2], int flags)
{
	struct file *ends[2];

	stream_pipe(ends, 65536);
	ends[0]->flags |= flags & O_NONBLOCK;
	ends[1]->flags |= flags & O_NONBLOCK;
	fds[0] = process_fd(ends[0]);
	fds[1] = process_fd(ends[1]);
	return fds[1] < 0 ? -1 : 0;
}

/* ---- sockets ---- */

static struct file *
socket_of(int fd)
{
	struct file *file = process_file(fd);

	if (file && !is_socket(file)) {
		errno = ENOTSOCK;
		return NULL;
	}
	return file;
}

int
sim_socket(int domain, int type, int protocol)
{
	(void)protocol;
	task_call();
	return process_fd(socket_new(domain, type & SOCK_NONBLOCK ? O_NONBLOCK : 0));
}

static struct sockaddr_storage
copy_address(const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_storage copy = {0};

	memcpy(&copy, address, len < sizeof(copy) ? len : sizeof(copy));
	return copy;
}

int
sim_bind(int fd, const struct sockaddr *address, socklen_t len)
{
	struct file *file = socket_of(fd);
	struct sockaddr_storage copy = copy_address(address, len);

	return file ? socket_bind(file, &copy) : -1;
}

int
sim_listen(int fd, int backlog)
{
	struct file *file = socket_of(fd);

	(void)backlog;
	return file ? socket_listen(file) : -1;
}

static void
fill_address(struct sockaddr *address, socklen_t *len, const struct sockaddr_storage *from)
{
	socklen_t count = address_len(from);

	memcpy(address, from, count < *len ? count : *len);
	*len = count;
}

int
sim_getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	struct file *file = socket_of(fd);

	if (!file)
		return -1;
	fill_address(address, len, socket_address(file));
	return 0;
}

int
sim_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	struct file *file = socket_of(fd), *accepted;
	struct sockaddr_storage from;

	if (!file)
		return -1;
	task_call();
	accepted = socket_accept(file, &from);
	if (!accepted)
		return -1;
	accepted->flags |= flags & SOCK_NONBLOCK ? O_NONBLOCK : 0;
	if (address)
		fill_address(address, len, &from);
	return process_fd(accepted);
}

int
sim_accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return sim_accept4(fd, address, len, 0);
}

/* A process connects from the address in its environment, if that is of the same kind. */
static struct sockaddr_storage
own_address(int family)
{
	const char *text = process_env("SIMULATED_ADDRESS");
	struct sockaddr_storage own;

	if (!text || !address_read(&own, text, 0) || own.ss_family != family)
		own = address_local(family);
	return own;
}

int
sim_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_storage to = copy_address(address, len), own;
	struct file *file = socket_of(fd);

	if (!file)
		return -1;
	task_call();
	own = own_address(to.ss_family);
	return socket_connect(file, &to, &own);
}

ssize_t
sim_recv(int fd, void *bytes, size_t size, int flags)
{
	struct file *file = socket_of(fd);

	(void)flags; /* every socket of the tools is read without waiting */
	if (!file)
		return -1;
	task_call();
	return file->kind->read(file, bytes, size);
}

ssize_t
sim_send(int fd, const void *bytes, size_t len, int flags)
{
	struct file *file = socket_of(fd);

	(void)flags;
	if (!file)
		return -1;
	task_call();
	return file->kind->write(file, bytes, len);
}

int
sim_shutdown(int fd, int how)
{
	struct file *file = socket_of(fd);

	return file ? socket_shut_down(file, how) : -1;
}

int
sim_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)level;
	(void)name;
	(void)value;
	(void)len;
	return socket_of(fd) ? 0 : -1;
}

int
sim_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct file *file = socket_of(fd);

	(void)level;
	(void)name;
	if (!file)
		return -1;
	*(int *)value = socket_error(file);
	*len = sizeof(int);
	return 0;
}

int
sim_ioctl(int fd, unsigned long request, ...)
{
	struct file *file = process_file(fd);
	va_list list;

	if (!file)
		return -1;
	if (request != SIOCOUTQ || !is_socket(file))
		return fail_with(ENOTTY);
	va_start(list, request);
	*va_arg(list, int *) = (int)socket_unsent(file);
	va_end(list);
	return 0;
}

int
sim_isatty(int fd)
{
	(void)fd;
	errno = ENOTTY;
	return 0;
}
