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

/*
 * Returns a socket that is connected to systemd (NOTIFY_SOCKET), or -1. It is connected once, so
 * that the sandbox can forbid new sockets. The caller closes it.
 */
int systemd_notify_open(void);

/* Sends a state, for example "READY=1", without waiting. Does nothing if fd is -1. */
void systemd_notify(int fd, const char *state);

#endif
