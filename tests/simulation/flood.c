/* Members who do not read, and one who says much to them: their queues grow to --queue-total. */
#include "simulation/flood.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "simulation/address.h"
#include "simulation/adversary_private.h"
#include "simulation/calls.h"
#include "simulation/kernel.h"

#define DEAF 6 /* who do not read; the last of all is the one who speaks */
#define SPEAKER DEAF
#define DEAF_BYTES 4096 /* that the kernel holds for who does not read */
#define ROUNDS 250
#define ROUND_NS (20 * MILLISECOND)
#define SEND_NS (2 * MILLISECOND)
#define ROUNDS_DEAF 80 /* until they are others: by then they were dropped */
#define OPEN_NS (200 * MILLISECOND) /* from one connection to the next */

/* Sends all of it, however long that takes. Returns false if the connection has ended. */
static bool
send_all(int fd, const char *bytes, size_t len)
{
	static char heard[16384]; /* not used after a wait */

	while (len) {
		ssize_t count = sim_send(fd, bytes, len, 0);

		if (count < 0 && errno != EAGAIN)
			return false;
		if (count > 0) {
			bytes += count;
			len -= (size_t)count;
			continue;
		}
		while (sim_recv(fd, heard, sizeof(heard), 0) > 0)
			; /* who does not read is not read */
		task_wait(world_now_ns() + SEND_NS);
	}
	return true;
}

static int
open_member(struct evil *evil, unsigned which)
{
	struct sockaddr_storage to, from;
	char text[128];
	int len, fd = sim_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (which != SPEAKER)
		socket_set_receive_bytes(process_file(fd), DEAF_BYTES);
	address_read(&to, "127.0.0.1", 3001);
	snprintf(text, sizeof(text), "127.0.0.1%s", evil->number); /* no honest one is there */
	address_read(&from, text, 0);
	socket_connect(process_file(fd), &to, &from);
	evil->len = 0;
	evil_put_good_head(evil);
	len = snprintf(text, sizeof(text),
		"{\"type\":\"init\",\"username\":\"evil%s-f%u\",\"id\":\"e%s-f%u\"}", evil->number,
		which, evil->number, which);
	evil_put_good_frame(evil, text, (size_t)len);
	if (send_all(fd, evil->bytes, evil->len))
		return fd;
	sim_close(fd);
	return -1;
}

static void
close_member(int *fd)
{
	if (*fd >= 0)
		sim_close(*fd);
	*fd = -1;
}

static bool
speak(struct evil *evil, int fd)
{
	static char heard[16384];

	while (sim_recv(fd, heard, sizeof(heard), 0) > 0)
		;
	evil->len = 0;
	evil_put_flood(evil);
	return send_all(fd, evil->bytes, evil->len);
}

int
flood_main(int argc, char **argv)
{
	struct evil *evil = sim_calloc(1, sizeof(*evil));
	int member[DEAF + 1];

	evil->number = argc > 1 ? argv[1] : "0";
	evil->traits = "";
	for (unsigned i = 0; i <= DEAF; i++)
		member[i] = -1;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i <= DEAF; i++)
			if (member[i] < 0) {
				member[i] = open_member(evil, i);
				task_wait(world_now_ns() + OPEN_NS);
			}
		if (member[SPEAKER] >= 0 && !speak(evil, member[SPEAKER]))
			close_member(&member[SPEAKER]);
		for (unsigned i = 0; i < DEAF && round % ROUNDS_DEAF == ROUNDS_DEAF - 1; i++)
			close_member(&member[i]);
		task_wait(world_now_ns() + chance_scale(world_chance(), ROUND_NS));
	}
	for (;;)
		task_wait(NEVER);
}
