/* Socket activation, readiness and watchdog, through environment variables and datagrams. */
#include "serve/util/systemd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
systemd_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return 0;
	return (int)strtol(fds, NULL, 10);
}

uint64_t
systemd_watchdog_ms(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
	unsigned long long most;

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	most = strtoull(usec, NULL, 10);
	return most && most < 2000 ? 1 : most / 2000;
}

void
systemd_notices_open(struct systemd_notices *notices)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len;
	int fd;

	*notices = (struct systemd_notices){.fd = -1};
	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, len) < 0) {
		close(fd);
		fd = -1;
	}
	notices->fd = fd;
}

void
systemd_notices_close(struct systemd_notices *notices)
{
	if (notices->fd >= 0)
		close(notices->fd);
	notices->fd = -1;
}

static bool
is_sent(const struct systemd_notices *notices, const char *state)
{
	return notices->fd < 0 ||
		send(notices->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

void
systemd_notify(struct systemd_notices *notices, const char *state)
{
	notices->unsent = is_sent(notices, state) ? NULL : state;
}

void
systemd_notify_again(struct systemd_notices *notices)
{
	if (notices->unsent)
		systemd_notify(notices, notices->unsent);
}

void
systemd_notify_watchdog(const struct systemd_notices *notices)
{
	is_sent(notices, "WATCHDOG=1"); /* the next one follows anyway */
}
