#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/config.h"
#include "serve/event_printer.h"
#include "serve/journal/journal.h"
#include "serve/monitor/monitor.h"
#include "serve/monitor/turn_times.h"
#include "serve/net/acceptor.h"
#include "serve/net/address.h"
#include "serve/net/conn.h"
#include "serve/net/listener.h"
#include "serve/session/context.h"
#include "serve/stdin_reader.h"
#include "serve/url_file.h"
#include "serve/util/clock.h"
#include "serve/util/error_log.h"
#include "serve/util/memory.h"

/*
 * The server: one loop, and everything that hangs from it.
 */
#define SERVER_SIGNALS 5

struct server_handles {
	uv_prepare_t tick; /* at the end of each turn */
	uv_timer_t sweep;
	uv_timer_t watchdog; /* systemd's */
	uv_signal_t signals[SERVER_SIGNALS];
};

struct server {
	const struct config *config; /* borrowed */
	uv_loop_t loop;
	struct clock clock;
	struct server_handles handles;

	/* Peers. */
	struct listeners listeners;
	struct acceptors acceptors;
	struct tls *tls; /* NULL: no TLS */
	struct addresses addresses;
	struct conns conns;
	struct session_context sessions;

	/* Messages. */
	struct channels channels;
	struct journal *journal;
	struct stdin_reader stdin_reader;

	/* What the server says of itself. */
	struct event_printer event_printer;
	struct error_log error_log;
	struct monitor monitor;
	struct turn_times turns;
	struct memory_peak memory_peak;
	struct url_file url_file;
	int notify_fd; /* to systemd; -1: it does not listen */

	/* The end. */
	bool draining; /* it was told to end: nothing more is read */
	bool settling; /* draining, and accepted messages wait for the journal */
};

/*
 * server.c
 */

/* Opens everything; config is borrowed until server_close. Returns 0, or -1 with nothing open. */
int server_open(struct server *server, const struct config *config, struct chat_err *err);

/* Serves until a signal has ended the server and all connections are closed. */
void server_run(struct server *server);

/*
 * shutdown.c
 */

/* Closes everything. Returns the exit status. Where the disk does not answer it ends the process.
 */
int server_close(struct server *server);

/*
 * Between these files
 */

/* server.c: closes the listeners and frees TLS, tokens and addresses. */
void server_close_sockets(struct server *server);

/* tick.c: commits accepted messages to the journal, and publishes what the journal keeps: on
 * stdout, in send queues, in histories. */
void server_publish(struct server *server);

/* tick.c: where the answers of the journal go. */
extern const struct journal_events server_journal_events;

/* tick.c: starts the tick, the sweep and systemd's watchdog. */
void server_open_timers(struct server *server);

/* signals.c: listens to the signals. */
void server_open_signals(struct server *server);

/* signals.c: delays SIGTERM and SIGINT while nobody can act on them, or lets them through, whatever
 * mask the process was started with. */
void server_hold_signals(bool held);

/* signals.c: returns true if a delayed SIGTERM or SIGINT has come. */
bool server_was_signalled(void);

/* shutdown.c: the first step to the end. Takes no new connections, and reads no peer any more; each
 * peer is still told what became of the messages that it has sent. */
void server_drain(struct server *server);

/* shutdown.c: the second step, when the journal has settled. Tells every peer, and closes. The loop
 * stops when the last connection has ended. */
void server_say_goodbye(struct server *server);

#endif
