#ifndef SERVE_UTIL_SYSTEMD_H
#define SERVE_UTIL_SYSTEMD_H

#include <stdint.h>

/*
 * The protocols between a service and systemd, without libsystemd: socket activation
 * (sd_listen_fds(3)), state and watchdog (sd_notify(3)).
 */
#define SYSTEMD_FIRST_FD 3

/* Returns the number of passed listening sockets. The first descriptor is SYSTEMD_FIRST_FD. */
int systemd_listen_fds(void);

/*
 * Returns the interval in milliseconds at which to send "WATCHDOG=1": half of WATCHDOG_USEC, the
 * time after which systemd considers the process stuck. 0: do not send it.
 */
uint64_t systemd_watchdog_ms(void);

/* The state of this service, as systemd is told it. */
struct systemd_notices {
	int fd; /* a socket that is connected to systemd; -1 if it did not ask for notices */
	const char
		*unsent; /* the state that it did not take, because its queue was full; or NULL */
};

/*
 * Connects to systemd if it asked for notices (NOTIFY_SOCKET). This happens once, so that the
 * sandbox can forbid new sockets.
 */
void systemd_notices_open(struct systemd_notices *notices);

void systemd_notices_close(struct systemd_notices *notices);

/* Sends a state, a constant such as "READY=1", without waiting. */
void systemd_notify(struct systemd_notices *notices, const char *state);

/* Sends the last state again if systemd did not take it. */
void systemd_notify_again(struct systemd_notices *notices);

/* Sends that the process is not stuck. */
void systemd_notify_watchdog(const struct systemd_notices *notices);

#endif
