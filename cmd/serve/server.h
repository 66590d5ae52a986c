#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/config.h"
#include "serve/journal/journal.h"
#include "serve/monitor/metrics.h"
#include "serve/monitor/monitor.h"
#include "serve/net/acceptor.h"
#include "serve/net/address.h"
#include "serve/net/conns.h"
#include "serve/net/listener.h"
#include "serve/session/backpressure.h"
#include "serve/session/catchup.h"
#include "serve/session/rate_limiter.h"
#include "serve/session/tokens.h"
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
#define SERVER_NAME "server" /* username and id of what is posted from stdin */

struct session;

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
	struct catchup catchup;
	struct rate_limiter rate_limiter;
	struct journal *journal;
	struct line_writer line_writer;
	uint64_t events_dropped; /* of stdout's, when it last said that some are missing */
	struct error_log error_log;
	struct stdin_reader stdin_reader;
	struct metrics metrics;
	struct monitor monitor;
	struct tokens tokens; /* path NULL: nobody is asked for one */
	struct fair_queue turns; /* of sessions whose addresses are barred */
	size_t turns_bytes; /* of memory that those who wait for theirs take, and what they say */
	struct session *owing; /* sessions that owe an init, oldest first */
	struct backpressure backpressure;
	struct session *hasty; /* those that are not read until the next sweep */
	struct session *denied; /* those that wait for the answer to a wrong token, likewise */
	size_t max_connections; /* as configured, or what the descriptors allow */
	bool reaches_out; /* others than this machine can connect, or come through a proxy */
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

/* Whether who joins has to prove a name, by a token or a certificate: it is the identity then. */
bool server_proves_names(const struct server *server);
/* Commits what was said, and publishes what the journal keeps: on stdout, and in queues. */
void server_publish(struct server *server);

/* What keeps it from doing its work, as a sentence; NULL: nothing. */
const char *server_ailment(const struct server *server);

#endif
