#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include <stdbool.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/cluster/cluster.h"
#include "serve/config.h"
#include "serve/event_printer.h"
#include "serve/monitor/monitor.h"
#include "serve/net/acceptor.h"
#include "serve/net/address.h"
#include "serve/net/listener.h"
#include "serve/shard.h"
#include "serve/stdin_reader.h"
#include "serve/url_file.h"
#include "serve/util/error_log.h"
#include "serve/util/memory.h"
#include "serve/util/systemd.h"
#include "serve/worker.h"

/*
 * The server: a loop, and everything that runs on it. Read this first.
 *
 * The server waits for events, and then has a turn (server_turn in tick.c). It handles the bytes
 * from peers (net/poller.c) and then, if there are any, the events of the loop: new peers, timers,
 * signals, lines of stdin, results of the disk. The tick is the work at the end of each turn. The
 * sweep runs ten times a second, for timeouts and other times. All of it runs on one thread, and
 * never waits for a peer. Only the journal has work that runs beside the loop: its reads, its
 * syncs, and the rebuilding of an index.
 *
 * SEVERAL LOOPS (--loops). What a loop needs is its shard (shard.h): connections, sessions,
 * channels. The server has one, and a worker (worker.h) for each further loop, with a thread and a
 * shard of its own. A channel lives on one loop, by a hash of its name (session/request.c). The
 * server's own loop accepts every connection and reads its request; if the channel is a worker's,
 * the connection leaves at the end of the tick (net/conn_move.c), and the worker adopts it. After
 * that the loops share only this: the counts of addresses (net/address.c); TLS's certificate;
 * stdout and stderr; and the limits of the server, which they lend each other once a tick
 * (util/lending.h). The locks of the first three are not on the way of a message, but for the lock
 * of stdout, which a loop takes once in a tick. With a journal there is one more lock, for the
 * numbers of the messages: each loop has a part of journal/shared_journal.c, and the server's own
 * loop writes and reads the files for all.
 *
 * THE TICK (server_tick in tick.c), in this order:
 * 1. server_publish commits the accepted messages to the journal, publishes those that it has
 *    stored, and prints them on stdout;
 * 2. catchup_turn sends pages of the past to members that catch up;
 * 3. senders that were paused for the disk are read again, if there is room;
 * 4. conns_flush writes to each connection that has something new, once, and frees the dead ones.
 *
 * THE PATH OF A MESSAGE, in the order of its life. Lines with a + are passed only with a journal.
 *   net/conn_read.c     reads from connections, in fair parts; passes the bytes to ws
 *   net/stream.c        reads the socket, in TLS or not
 *   lib/wire/ws.c       takes frames apart, joins and unmasks them, checks UTF-8 and size
 *   session/message.c   what the message means in the state of its session; rates, back-pressure
 *   lib/message/msg.c   checks every rule (with the reader of JSON, lib/text/json.c)
 *   channel/post.c      gives it a place in the log, or finds that its nonce was used
 *   channel/apply.c     gives it the id and the time that follow from its place
 *   channel/encode.c    writes it, once for all members
 *   frame/block.c       the bytes, as one WebSocket frame after another
 *   channel/pending.c   the blocks of the channel that are not published
 * + journal/group_commit.c  gathers the messages of a tick, and commits them as one
 * + journal/segment.c   writes them to the file
 *   channel/publish.c   passes the block to every live member and to stdout
 *   channel/channel_history.c  keeps it for new members
 *   net/conn_write.c    what to send to which connection
 *   net/send_queue.c    the blocks that wait for one peer
 *   net/send_batch.c    sends to many sockets at once (or stream.c to one; or send_shared.c, if
 *                       many get the same long run)
 *
 * IN A CLUSTER (--cluster) post.c only proposes: cluster/proposals.c puts the message into a batch,
 * which cluster/nats*.c publishes, on its own threads. cluster/entry.c applies what comes back, of
 * this server and of the others, and the rest is as above; cluster/presence.c tells who is here.
 *
 * WHERE THE CALLBACKS GO
 *   uv_timer (tick.c)               server_sweep
 *   uv_signal (signals.c)           drain, reload, report, rotate
 *   acceptors.on_accept (server.c)  session_start
 *   sessions.hand_over (workers.c)  worker_take, and on the other loop session_adopt
 *   conn_events (session/sessions.c)  on_proxy_header: sessions.c; on_request: request.c;
 *                                   on_message: message.c; on_drained: catchup.c; on_turn_end:
 *                                   backpressure.c
 *   journal_events (tick.c)         durable: channels.durable, which channels_publish looks at;
 *                                   failed: channels_rollback
 *   backpressure.publish (server.c) server_publish, in the middle of a turn
 *   watcher.on_event (server.c)     event_printer_print
 *
 * WHO OWNS WHAT. The server owns every part below, and the workers; a shard owns its parts, and
 * only its thread uses them. conns owns the connections; a connection is the first part of its
 * session, and freed with it by conns_flush after it died. A session contains its member of a
 * channel; the channel frees its users, and itself when nothing is left of it. Blocks
 * are counted (frame/block.h): channels, histories, the page cache and send queues hold them.
 *
 * WHERE EACH LIMIT IS KEPT. limits.c turns options into limits.
 *   connections in all, of one address  session/request.c (counted in net/address.c)
 *   size and fragments of a message     lib/wire/ws.c, as net/conn_read.c tells it
 *   half-received messages of all       net/receive_limit.c
 *   send queues, slow readers           net/slow_reader.c
 *   time for head, message, pong, Close net/timeouts.c
 *   time for init; delay of a denial    session/sessions.c
 *   bad messages of a connection        session/reply.c
 *   messages, bytes, joins per second   session/rate_limiter.c (who pays: session/charge.c)
 *   wrong tokens of an address          net/address.c, session/auth_queue.c
 *   messages that wait for the disk     session/backpressure.c
 *   catch-up: bytes of a turn, reads    session/catchup.c; pages in memory: frame/page_cache.c
 *   channels in all, of one address     channel/channel.c, channel/quota.c
 *   members of a channel                channel/join.c; users who have left: channel/leavers.c
 *   history of a channel, of all        channel/channel_history.c
 *   messages and bytes of a replay      channel/replay.c, frame/history_frame.c
 *   nonces                              channel/nonces.c
 *   size and age of the journal         journal/retention.c
 *   events that stdout does not take    event_printer.c; the same for stderr: util/error_log.c
 *   requests for metrics                monitor/monitor.c
 * The limits of all queues, histories, nonces, pages and channels together hold for all loops:
 * borrow_all in shard.c sets the present part of each loop.
 */

#define SERVER_SIGNALS 5

struct server_handles {
	uv_timer_t sweep;
	uv_timer_t watchdog; /* systemd's */
	uv_signal_t signals[SERVER_SIGNALS];
};

struct server {
	const struct config *config; /* borrowed */
	struct shard shard; /* on the loop of this thread */
	struct {
		size_t count; /* of all loops; 1: there is no worker */
		struct worker *workers; /* owned; count - 1 */
		struct lending *lending; /* owned; NULL: count is 1 */
		struct rate_pool *rate_pool; /* owned; NULL: count is 1 */
		struct shared_journal *shared_journal; /* owned; NULL: without --journal, or count
							* is 1 */
		uv_async_t wake; /* a worker has changed one of these two */
		atomic_size_t running; /* workers that have not ended */
		atomic_size_t renewing; /* letters with new tokens that were not handled */
		bool reloads; /* systemd waits until all of those are */
		struct chat_buf events; /* of this loop's tick, if there are others */
	} loops;
	struct server_handles handles;

	/* Peers. */
	struct listeners listeners;
	struct acceptors acceptors;
	struct tls *tls; /* NULL: no TLS */
	struct addresses addresses;

	/* Messages. */
	struct cluster cluster;
	struct stdin_reader stdin_reader;

	/* Output, and what others see of the server. */
	struct event_printer event_printer;
	struct error_log error_log;
	struct monitor monitor;
	struct memory_peak memory_peak;
	struct url_file url_file;
	struct systemd_notices notices;

	/* The end. */
	bool serving; /* connections are accepted, or were */
	int failure; /* the exit status, if something has failed; else 0 */
	bool stopped; /* server_run returns at the end of the turn */
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

/* Closes everything. Returns the exit status. If the disk does not answer, it ends the process. */
int server_close(struct server *server);

/*
 * Between these files
 */

/*
 * workers.c: the other loops. All functions do nothing if there are none, except that
 * server_workers_have_ended() and server_workers_sweep() return true.
 */

/* Opens the workers; after the shard's sessions, and before the sandbox is entered. epoch: of this
 * process. Returns 0, or -1. */
int server_open_workers(struct server *server, uint64_t epoch, struct chat_err *err);

/* Starts their threads; in the sandbox. Returns 0, or -1. */
int server_start_workers(struct server *server, struct chat_err *err);

/* Gives them the tokens, which were read again. Returns true if there are workers: when all have
 * taken the tokens, systemd is told that the reload is done. */
bool server_renew_tokens(struct server *server);

/* Passes a line of stdin to the worker that has its channel. arg: the server. Returns false if it
 * is this loop (stdin_route.pass). */
bool server_pass_line(void *arg, struct chat_span channel, const struct stdin_line *line);

/* Tells them that the server drains. */
void server_drain_workers(const struct server *server);
bool server_workers_have_ended(const struct server *server);

/* Returns true if each of them has swept in this time. */
bool server_workers_sweep(const struct server *server, uint64_t within_ms);

/* Adds their totals. */
void server_add_workers(const struct server *server, struct totals *totals);

/* Ends those that run, at once. */
void server_stop_workers(struct server *server);

/* Frees all. The journal has settled. */
void server_close_workers(struct server *server);

/* server.c: returns what all shards use. */
struct shard_shared server_shared(struct server *server);

/* server.c: closes the listeners and frees TLS, tokens and addresses. */
void server_close_sockets(struct server *server);

/* tick.c: commits accepted messages to the journal, and publishes what the journal keeps: on
 * stdout, in send queues, in histories. */
void server_publish(struct server *server);

/* tick.c: the callbacks of the journal. */
extern const struct journal_events server_journal_events;

/* tick.c: handles what poller_wait() has found, with the tick at the end. */
void server_turn(struct server *server);

/* tick.c: starts the sweep and systemd's watchdog. */
void server_open_timers(struct server *server);

/* signals.c: listens to the signals. */
void server_open_signals(struct server *server);

/* signals.c: blocks the signals (held), or unblocks them, also if the process was started with them
 * blocked. While the server starts, none of them may end it: a script that changes the tokens sends
 * SIGHUP at any time. */
void server_hold_signals(bool held);

/* signals.c: returns true if a delayed SIGTERM or SIGINT has come. */
bool server_was_signalled(void);

/* server.c: ends the server, because something has failed that it cannot do without. */
void server_fail(struct server *server, const struct chat_err *err);

/* shutdown.c: the first step to the end. Accepts no new connections, and reads no peer any more.
 * Peers still get the echoes of messages that were accepted. */
void server_drain(struct server *server);

/* shutdown.c: the second step, when the journal has settled. Tells every peer, and closes
 * its connection. The server stops when the last connection has ended. */
void server_say_goodbye(struct server *server);

#endif
