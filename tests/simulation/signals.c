/* Signals, as far as the tools use them: blocked, ignored, read by signalfd(2), taken by libuv. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

#define BIT(signal) (UINT64_C(1) << (signal))
#define SIGNALS 64

uint64_t
signal_bits(const sigset_t *set)
{
	uint64_t bits = 0;

	for (int signal = 1; signal < SIGNALS; signal++)
		if (sigismember(set, signal) == 1)
			bits |= BIT(signal);
	return bits;
}

static void
fill(sigset_t *set, uint64_t bits)
{
	sigemptyset(set);
	for (int signal = 1; signal < SIGNALS; signal++)
		if (bits & BIT(signal))
			sigaddset(set, signal);
}

void
process_signal(struct process *process, int signal)
{
	struct signal_state *state = process_signals(process);

	if (!process_is_alive(process))
		return;
	world_trace("%s gets signal %d", process_name(process), signal);
	if (signal == SIGKILL) {
		process_kill(process, signal);
	} else if (state->ignored & BIT(signal)) {
		return;
	} else if (state->blocked & BIT(signal)) {
		state->pending |= BIT(signal);
		if (state->reader && (state->taken & BIT(signal)))
			file_changed(state->reader);
	} else if (state->handled & BIT(signal)) {
		state->handler(state->handler_arg, signal);
	} else if (signal != SIGCHLD) {
		process_kill(process, signal);
	}
}

static void
deliver_pending(struct process *process)
{
	struct signal_state *state = process_signals(process);

	for (int signal = 1; signal < SIGNALS; signal++) {
		uint64_t bit = BIT(signal);

		if (!(state->pending & bit) || (state->blocked & bit))
			continue;
		state->pending &= ~bit;
		process_signal(process, signal);
	}
}

/* ---- calls ---- */

int
sim_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	struct signal_state *state = process_signals(process_self());
	uint64_t bits = set ? signal_bits(set) : 0;

	if (old)
		fill(old, state->blocked);
	if (!set)
		return 0;
	if (how == SIG_BLOCK)
		state->blocked |= bits;
	else
		state->blocked = how == SIG_UNBLOCK ? state->blocked & ~bits : bits;
	deliver_pending(process_self());
	return 0;
}

int
sim_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
	struct signal_state *state = process_signals(process_self());

	(void)action;
	memset(old, 0, sizeof(*old));
	old->sa_handler = state->ignored & BIT(signal) ? SIG_IGN : SIG_DFL;
	return 0;
}

sighandler_t
sim_signal(int signal, sighandler_t handler)
{
	struct signal_state *state = process_signals(process_self());

	if (handler == SIG_IGN)
		state->ignored |= BIT(signal);
	else
		state->ignored &= ~BIT(signal);
	return SIG_DFL;
}

int
sim_sigpending(sigset_t *set)
{
	fill(set, process_signals(process_self())->pending);
	return 0;
}

int
sim_raise(int signal)
{
	process_signal(process_self(), signal);
	return 0;
}

/* ---- signalfd ---- */

static ssize_t
signalfd_read(struct file *file, void *bytes, size_t size)
{
	struct signal_state *state = process_signals(process_self());
	struct signalfd_siginfo info = {0};

	(void)file;
	for (int signal = 1; signal < SIGNALS && size >= sizeof(info); signal++) {
		if (!(state->pending & state->taken & BIT(signal)))
			continue;
		state->pending &= ~BIT(signal);
		info.ssi_signo = (uint32_t)signal;
		memcpy(bytes, &info, sizeof(info));
		return sizeof(info);
	}
	errno = EAGAIN;
	return -1;
}

static short
signalfd_ready(struct file *file)
{
	struct signal_state *state = process_signals(file->data);

	return state->pending & state->taken ? POLLIN : 0;
}

static void
signalfd_close(struct file *file)
{
	process_signals(file->data)->reader = NULL;
}

static const struct file_kind signalfd_kind = {
	.read = signalfd_read,
	.ready = signalfd_ready,
	.close = signalfd_close,
};

int
sim_signalfd(int fd, const sigset_t *set, int flags)
{
	struct signal_state *state = process_signals(process_self());

	state->taken = signal_bits(set);
	if (fd >= 0)
		return fd;
	state->reader =
		file_new(&signalfd_kind, flags & SFD_NONBLOCK ? O_NONBLOCK : 0, process_self());
	return process_fd(state->reader);
}
