/*
 * Signals in the poll loop: no handler, no flag, no race with poll(2).
 */
#include "signals.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};

int
signals_open(struct signals *signals, struct chat_err *err)
{
	struct sigaction action;
	sigset_t set;

	/* A signalfd would report ignored signals too. */
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (sigaction(wanted[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, &signals->before);
	signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->fd < 0)
		return chat_fail(err, CHAT_INTERNAL, "signalfd: %s", strerror(errno));
	return 0;
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

	if (read(signals->fd, &info, sizeof info) != sizeof info)
		return 0;
	return (int)info.ssi_signo;
}
