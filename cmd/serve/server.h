#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/config.h"
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
#include "serve/util/error_log.h"
#include "serve/util/line_writer.h"
#include "serve/util/memory.h"

/*
 * The server: one loop, and everything that hangs from it. It works in ticks. While the loop polls,
 * what is readable is read and said in channels; before it polls again (the tick) the journal
 * commits, what is kept is delivered, every connection with something new is flushed once, and the
 * dead are freed.
 */
struct server {
	const struct config *config;
	uv_loop_t loop;
	struct clock clock;
	uv_prepare_t tick;
	uv_timer_t sweep, watchdog;
	uv_signal_t signals[5];
	struct listeners listeners;
	struct acceptors acceptors;
	struct tls *tls; /* NULL: none */
	struct conns conns;
	struct addresses addresses;
	struct channels channels;
	struct session_context sessions;
	struct journal *journal;
	struct line_writer line_writer;
	uint64_t events_dropped; /* of stdout's, when it last said that some are missing */
	struct error_log error_log;
	struct stdin_reader stdin_reader;
	struct turn_times turns;
	struct monitor monitor;
	int notify_fd; /* -1: nobody wants to hear of the server's state */
	struct memory_peak memory_peak;
	struct url_file url_file;
	bool draining;
	bool settling; /* draining: what waits for the journal is awaited before everybody is told
			*/
};

/* Listens and prepares everything; config is borrowed. -1: nothing is left open. */
int server_open(struct server *server, const struct config *config, struct chat_err *err);

/* Runs until a signal asked it to stop and everybody has been told. */
void server_run(struct server *server);

/* Returns the exit status; where a disk does not answer it does not return, but ends with it. */
int server_close(struct server *server);

#endif
