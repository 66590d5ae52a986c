#ifndef SERVE_UTIL_SYSTEMD_H
#define SERVE_UTIL_SYSTEMD_H

#include <stdint.h>

/*
 * The protocols between a service and systemd, without its library: socket activation
 * (sd_listen_fds(3)), state and watchdog (sd_notify(3)).
 */
#define SYSTEMD_FIRST_FD 3

/* Returns how many listening sockets were passed to this process, from SYSTEMD_FIRST_FD on. */
int systemd_listen_fds(void);

/*
 * Returns how often "WATCHDOG=1" is to be sent, in milliseconds: twice in the time after which
 * systemd takes the process for stuck (WATCHDOG_USEC). 0: never.
 */
uint64_t systemd_watchdog_ms(void);

/*
 * Returns a socket that is connected to systemd's (NOTIFY_SOCKET), or -1 when there is none. It is
 * connected once, so that the sandbox can forbid all other sockets. The caller closes it.
 */
int systemd_notify_open(void);

/* Sends a state, "READY=1", without waiting. With fd -1 it does nothing. */
void systemd_notify(int fd, const char *state);

#endif
