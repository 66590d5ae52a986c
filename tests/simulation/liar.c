/* The connections of a server that lies. */
#include "simulation/liar.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"
#include "simulation/liar_private.h"

#define CONNECTIONS 12
#define BUDGET 300
#define PAGES 200
#define PAUSE_MS 400 /* between two things that it says by itself, at most */

uint64_t
lie_below(uint64_t bound)
{
	return chance_below(world_chance(), bound);
}

bool
lie_lies(const struct lie *lie)
{
	return lie_below(10) < lie->lies;
}

void
lie_put(struct lie *lie, const void *bytes, size_t len)
{
	if (len > sizeof(lie->out) - lie->out_len)
		return;
	memcpy(lie->out + lie->out_len, bytes, len);
	lie->out_len += len;
}

void
lie_printf(struct lie *lie, const char *format, ...)
{
	char text[4096];
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	lie_put(lie, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void
lie_take(struct lie *lie, size_t len)
{
	lie->in_len -= len;
	memmove(lie->in, lie->in + len, lie->in_len);
}

static void
hang_up(struct lie *lie)
{
	sim_close(lie->fd);
	lie->fd = -1;
}

static void
greet(struct lie *lie, int fd)
{
	lie->fd = fd;
	lie->stage = LIE_HEAD;
	lie->lies = (unsigned)lie_below(6);
	lie->budget = lie_below(3) ? (unsigned)chance_scale(world_chance(), BUDGET) : 0;
	lie->pages = (unsigned)lie_below(4);
	if (lie_below(3) == 0)
		lie->pages = (unsigned)chance_scale(world_chance(), PAGES);
	lie->silent = lie_below(20) == 0;
	lie->in_len = lie->out_len = 0;
	*lie->name = *lie->id = '\0';
}

static void
accept_client(struct lie *lies, int listener)
{
	int fd = sim_accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	for (int i = 0; fd >= 0 && i < CONNECTIONS; i++)
		if (lies[i].fd < 0) {
			greet(&lies[i], fd);
			return;
		}
	if (fd >= 0)
		sim_close(fd);
}

/* Answers what came. */
static void
answer(struct lie *lie)
{
	static char text[LIE_BYTES];
	size_t len;

	if (lie->silent || lie->stage == LIE_OVER)
		lie->in_len = 0;
	if (lie->stage == LIE_HEAD)
		lie_answer_head(lie);
	while ((lie->stage == LIE_INIT || lie->stage == LIE_TALK) && lie->out_len < LIE_BYTES / 4 &&
		lie_take_frame(lie, text, sizeof(text), &len))
		if (len)
			lie_answer_text(lie, (struct chat_span){text, len});
}

static void
receive(struct lie *lie)
{
	ssize_t count;

	if (lie->in_len == sizeof(lie->in)) {
		hang_up(lie); /* it says too much */
		return;
	}
	count = sim_recv(lie->fd, lie->in + lie->in_len, sizeof(lie->in) - lie->in_len, 0);
	if (count > 0)
		lie->in_len += (size_t)count;
	else if (count == 0 || errno != EAGAIN)
		hang_up(lie);
}

static void
speak(struct lie *lie)
{
	ssize_t count = sim_send(lie->fd, lie->out, lie->out_len, 0);

	if (count < 0 && errno != EAGAIN) {
		hang_up(lie);
		return;
	}
	if (count > 0) {
		lie->out_len -= (size_t)count;
		memmove(lie->out, lie->out + count, lie->out_len);
	}
	if (lie->out_len == 0 && lie->stage == LIE_OVER && lie_below(4))
		hang_up(lie);
}

static void
serve(struct lie *lie, short events)
{
	if (events & (POLLIN | POLLHUP | POLLERR))
		receive(lie);
	if (lie->fd >= 0)
		answer(lie);
	if (lie->fd >= 0 && lie->budget && !lie->silent && lie->out_len < 1000) {
		lie->budget--;
		lie_say(lie);
	}
	if (lie->fd >= 0 && lie->out_len)
		speak(lie);
}

static int
listen_here(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(LIAR_PORT)};
	int fd = sim_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	sim_bind(fd, (struct sockaddr *)&at, sizeof(at));
	sim_listen(fd, 16);
	return fd;
}

int
liar_main(int argc, char **argv)
{
	struct lie *lies = sim_calloc(CONNECTIONS, sizeof(*lies));
	struct pollfd fds[CONNECTIONS + 1];

	(void)argc;
	(void)argv;
	for (int i = 0; i < CONNECTIONS; i++)
		lies[i].fd = -1;
	fds[CONNECTIONS] = (struct pollfd){listen_here(), POLLIN, 0};
	for (;;) {
		for (int i = 0; i < CONNECTIONS; i++) {
			short events = lies[i].out_len ? POLLIN | POLLOUT : POLLIN;

			fds[i] = (struct pollfd){lies[i].fd, events, 0};
		}
		sim_poll(fds, CONNECTIONS + 1, 1 + (int)lie_below(PAUSE_MS));
		if (fds[CONNECTIONS].revents)
			accept_client(lies, fds[CONNECTIONS].fd);
		for (int i = 0; i < CONNECTIONS; i++)
			if (lies[i].fd >= 0)
				serve(&lies[i], fds[i].revents);
	}
}
