#ifndef SERVE_UTIL_SYSTEMD_NOTIFY_H
#define SERVE_UTIL_SYSTEMD_NOTIFY_H

#include <stdint.h>

/*
 * The service manager's protocols (sd_listen_fds(3), sd_notify(3)), without its library.
 */
#define NOTIFY_FIRST_FD 3

/* How many listening sockets were handed in, from NOTIFY_FIRST_FD on. */
int systemd_notify_listen_fds(void);

/*
 * How often "WATCHDOG=1" is to be said, or the manager takes the process for stuck: half of what it
 * waits (WATCHDOG_USEC). 0: never.
 */
uint64_t systemd_notify_watchdog_ms(void);

/*
 * A socket to whoever wants to hear the server's state (NOTIFY_SOCKET); -1: nobody does. Connected
 * once, so that a process that has been taken over has no way to any other socket.
 */
int systemd_notify_open(void);

/* Says a state, "READY=1", without waiting; -1 is fine. */
void systemd_notify_state(int fd, const char *state);

#endif
