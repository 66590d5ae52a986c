/* Signals in the poll loop by signalfd(2): there is no handler, and no race with poll(2). */
#include "common/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "text/err.h"

static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};

/* Reports signals->taken by fd; -1: by a new descriptor. */
static int
take(struct signals *signals, int fd, struct chat_err *err)
{
	sigprocmask(SIG_BLOCK, &signals->taken, NULL);
	signals->fd = signalfd(fd, &signals->taken, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0)
		return chat_fail(err, CHAT_INTERNAL, "signalfd: %s", strerror(errno));
	return 0;
}

int
signals_open(struct signals *signals, struct chat_err *err)
{
	struct sigaction action;

	/* A signalfd reports ignored signals as well, so they are left out. */
	sigemptyset(&signals->taken);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (sigaction(wanted[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&signals->taken, wanted[i]);
	sigprocmask(SIG_BLOCK, NULL, &signals->before);
	return take(signals, -1, err);
}

int
signals_add_children(struct signals *signals, struct chat_err *err)
{
	signal(SIGCHLD, SIG_DFL);
	sigaddset(&signals->taken, SIGCHLD);
	return take(signals, signals->fd, err);
}

void
signals_close(struct signals *signals)
{
	close(signals->fd);
}

int
signals_take(struct signals *signals)
{
	struct signalfd_siginfo info;

	if (read(signals->fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
