/* The loop and the tick: who does what when. */
#include "serve/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/channel/presence.h"
#include "serve/channel/publish.h"
#include "serve/channel/restore.h"
#include "serve/channel/rollback.h"
#include "serve/channel/user_data.h"
#include "serve/journal/disk_journal.h"
#include "serve/monitor/memory_usage.h"
#include "serve/monitor/metrics.h"
#include "serve/sandbox.h"
#include "serve/session/sessions.h"
#include "serve/util/memory.h"
#include "serve/util/systemd_notify.h"

#define SWEEP_MS 100 /* a part of the connections is looked at so often */
#define SWEEP_PARTS 10 /* so each one every second; at the end all, every time */
#define FD_RESERVE 64 /* descriptors that are not for connections */
#define REFUSALS_AT_ONCE 32 /* connections beyond the limit that get an answer */
#define BYTES_BURST_S 4 /* so many seconds of a rate at once */
#define JOINS_BURST_S 10
#define ACCEPTS_AT_ONCE 64 /* of one listener in one turn */
#define EVENTS_MAX_BYTES ((size_t)4 << 20) /* that wait for the reader of stdout */

/* ---- the tick ---- */

static void
on_durable(void *arg, uint64_t ticket)
{
	((struct server *)arg)->channels.durable = ticket;
}

static void
on_journal_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	(void)err; /* the journal has said it */
	channels_rollback(&((struct server *)arg)->channels, ticket);
}

static void
on_journal_warning(void *arg, const char *sentence)
{
	error_log_say(&((struct server *)arg)->error_log, "journal: %s", sentence);
}

/* Tells everybody. The loop stops when the last connection has ended. */
static void
server_shut_down(struct server *server)
{
	server->settling = false;
	sessions_shut_down(&server->sessions);
}

static void
server_print(struct server *server)
{
	line_writer_flush(&server->line_writer);
	error_log_about(
		&server->error_log, &server->line_writer, "stdout", "events were not printed");
	error_log_flush(&server->error_log);
}

static void
server_publish(struct server *server)
{
	server->journal->kind->commit(server->journal);
	channels_publish(&server->channels);
	if (server->settling && server->journal->kind->is_settled(server->journal))
		server_shut_down(server);
	server_print(server); /* first: what a member has seen, stdout has shown */
}

static void
on_publish(void *arg)
{
	server_publish(arg);
}

/* Reads senders again that were left unread, as far as there is room before the disk. */
static void
server_resume_senders(struct server *server)
{
	if (sessions_resume(&server->sessions) && stdin_reader_resume(&server->stdin_reader))
		server_publish(server);
	backpressure_mark(&server->sessions.backpressure);
}

static void
server_tick(struct server *server)
{
	server_publish(server);
	catchup_turn(&server->sessions.catchup);
	server_resume_senders(server);
	conns_flush(&server->conns);
	catchup_end_turn(&server->sessions.catchup);
	turn_times_add(&server->turns, &server->loop);
	if (server->draining && server->conns.count == 0)
		uv_stop(&server->loop);
}

static void
on_tick(uv_prepare_t *prepare)
{
	server_tick(prepare->data);
}

/* An event for stdout. Where some were dropped, who is there is not known any more. */
static void
on_event(void *arg, struct chat_span line)
{
	static const char gap[] = "{\"type\":\"userData\",\"users\":[],\"truncated\":true}";
	struct server *server = arg;
	struct line_writer *line_writer = &server->line_writer;

	if (server->events_dropped != line_writer->dropped_ever &&
		line_writer_has_channel(line_writer, sizeof(gap) + line.len + 1)) {
		server->events_dropped = line_writer->dropped_ever;
		line_writer_line(line_writer, CHAT_SPAN(gap));
	}
	line_writer_line(line_writer, line);
}

static void
on_sweep(uv_timer_t *timer)
{
	struct server *server = timer->data;

	if (clock_set(&server->clock))
		error_log_say(&server->error_log,
			"the clock was set back by more than a day: the timestamps of messages go "
			"back with it");
	sessions_sweep(&server->sessions);
	addresses_sweep(&server->addresses, clock_now_ms(&server->clock));
	conns_sweep(&server->conns, server->draining ? 1 : SWEEP_PARTS);
	channels_sweep(&server->channels);
	page_cache_sweep(&server->channels.page_cache);
	rate_limiter_expire(&server->sessions.rate_limiter, clock_now_ms(&server->clock));
	memory_settle(&server->memory_peak, memory_usage_estimate(&server->monitor.sources));
}

/* ---- accepting ---- */

static void
on_connection(
	void *arg, const struct listener *listener, int fd, const struct sockaddr_storage *peer)
{
	struct server *server = arg;
	struct address *address =
		addresses_enter(&server->addresses, (const struct sockaddr *)peer);

	if (address_is_flooding(address, &server->addresses) ||
		server->conns.count > server->sessions.options.max_connections + REFUSALS_AT_ONCE) {
		addresses_leave(&server->addresses, address);
		close(fd);
		return;
	}
	session_start(&server->sessions, fd, listener->secure ? server->tls : NULL, address);
}

static int
accepts_open(struct server *server, struct chat_err *err)
{
	server->acceptors = (struct acceptors){
		.listeners = &server->listeners,
		.at_once = ACCEPTS_AT_ONCE,
		.take = on_connection,
		.arg = server,
	};
	return acceptors_open(&server->acceptors, &server->loop, err);
}

/* ---- stopping ---- */

/*
 * No new connections, and nothing more is heard; who has said something is to know what became of
 * it, then everybody is told.
 */
static void
server_drain(struct server *server)
{
	server->draining = server->settling = true;
	systemd_notify_state(server->notify_fd, "STOPPING=1");
	acceptors_stop(&server->acceptors);
	stdin_reader_close(&server->stdin_reader);
	for (struct conn *conn = server->conns.all; conn; conn = conn->next)
		conn_pause(conn, CONN_PAUSE_SESSION);
}

static void
server_report(struct server *server)
{
	struct chat_buf line = {0};

	metrics_write_json(&line, &server->monitor.sources);
	error_log_line(&server->error_log, (struct chat_span){line.at, line.len - 1});
	chat_buf_free(&line);
}

/* Files that may have changed are read again; of a bad one the old content stays in force. */
static void
server_reload(struct server *server)
{
	struct chat_err err = {0};

	systemd_notify_state(server->notify_fd, "RELOADING=1");
	if (server->tls && tls_reload(server->tls, &err) < 0)
		error_log_say(&server->error_log, "%s (the old certificate stays)", err.text);
	if (server->sessions.tokens.path && tokens_reload(&server->sessions.tokens, &err) < 0)
		error_log_say(&server->error_log, "%s (the old tokens stay)", err.text);
	else if (server->sessions.tokens.path)
		sessions_recheck(&server->sessions);
	systemd_notify_state(server->notify_fd, "READY=1");
}

static void
on_signal(uv_signal_t *handle, int signal)
{
	struct server *server = handle->data;

	if (signal == SIGUSR1) {
		server_report(server);
	} else if (signal == SIGHUP) {
		server_reload(server);
	} else if (signal == SIGUSR2) {
		if (server->journal->kind->rotate)
			server->journal->kind->rotate(server->journal);
	} else if (server->draining)
		uv_stop(&server->loop); /* asked twice: at once */
	else
		server_drain(server);
}

/* ---- opening ---- */

/* As many descriptors as may be had; never more connections than they allow. */
static size_t
connections_allowed(int64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return (size_t)wanted;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur != RLIM_INFINITY && (rlim_t)wanted + FD_RESERVE > limit.rlim_cur)
		return limit.rlim_cur > FD_RESERVE ? limit.rlim_cur - FD_RESERVE : 1;
	return (size_t)wanted;
}

static struct conn_limits
conn_limits_of(const struct config *config)
{
	size_t receive_total = (size_t)config->memory.receive_total_bytes;
	size_t least = 4 * (size_t)config->limits.max_message_bytes; /* two, in buffers that grow */

	return (struct conn_limits){
		.max_message_bytes = (size_t)config->limits.max_message_bytes,
		.max_first_bytes = (size_t)config->limits.max_init_bytes,
		.max_fragments = (uint32_t)config->limits.max_fragments,
		.queue_bytes = (size_t)config->memory.queue_bytes,
		.all_queues_bytes = (size_t)config->memory.queue_total_bytes,
		.all_received_bytes = receive_total > least ? receive_total : least,
		.head_ms = config->timeouts.head_ms,
		.message_ms = config->timeouts.message_ms,
		.close_ms = config->timeouts.close_ms,
		.ping_ms = config->timeouts.ping_interval_ms,
		.pong_ms = config->timeouts.pong_ms,
		.progress_ms = config->timeouts.progress_ms,
	};
}

/* Of the messages of a channel no more are shown than the journal is to keep. */
static uint32_t
kept_messages(const struct config *config, int64_t wanted)
{
	int64_t most = config->journal.max_messages;

	return (uint32_t)(most && most < wanted ? most : wanted);
}

static struct channels_limits
channels_limits_of(const struct config *config)
{
	return (struct channels_limits){
		.channels = (size_t)config->channels.max_channels,
		.members = (size_t)config->channels.max_members,
		.leavers = (size_t)config->limits.max_connections,
		.crowd = (size_t)config->channels.crowd,
		.history_replay = kept_messages(config, config->history.replay),
		.history_replay_bytes = (size_t)config->history.replay_bytes,
		.page_message_bytes = (size_t)config->memory.queue_bytes,
		.history_keep = kept_messages(config, config->history.keep),
		.history_bytes = (size_t)config->history.memory_bytes,
		.max_message_bytes = (size_t)config->limits.max_message_bytes,
		.grace_ms = config->channels.grace_ms,
	};
}

static struct journal_options
journal_options_of(const struct config *config)
{
	return (struct journal_options){
		.dir = config->journal.dir,
		.sync = (enum journal_sync)config->journal.sync,
		.segment_bytes = (uint64_t)config->journal.segment_bytes,
		.max_bytes = (uint64_t)config->journal.max_bytes,
		.max_age_ms = config->journal.max_age_ms,
		.max_messages = (uint64_t)config->journal.max_messages,
		.history = kept_messages(config, config->history.replay),
		.answer_ms = config->journal.disk_timeout_ms,
		.repair = config->journal.repair,
	};
}

static int
journal_open(struct server *server, struct chat_err *err)
{
	const struct journal_events events = {
		.durable = on_durable, .failed = on_journal_failed, .warn = on_journal_warning};
	struct journal_options options = journal_options_of(server->config);

	server->journal = options.dir
		? disk_journal_open(&options, &server->loop, &events, server, err)
		: null_journal_open(&events, server);
	server->channels.journal = server->journal;
	if (!server->journal || !options.dir)
		return server->journal ? 0 : -1;
	return channels_restore(&server->channels, (struct disk_journal *)server->journal, err);
}

static int
channels_open(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;
	struct channels_limits limits = channels_limits_of(config);

	channels_init(&server->channels, &limits, &server->clock, (uint64_t)chat_unix_ms());
	page_cache_init(&server->channels.page_cache, (size_t)config->memory.queue_total_bytes);
	server->channels.page_cache.stale = config->journal.max_messages > 0;
	catchup_open(&server->sessions.catchup, &server->loop, &server->channels,
		(size_t)config->memory.queue_bytes / 2);
	server->channels.nonces.most = (size_t)config->nonces.max_nonces;
	server->channels.nonces.most_bytes = (size_t)config->nonces.memory_bytes;
	server->channels.nonces.keep_ms = config->nonces.keep_ms;
	if (!config->output.quiet)
		server->channels.watcher = (struct watcher){on_event, server};
	return journal_open(server, err);
}

static void
on_watchdog(uv_timer_t *timer)
{
	const struct server *server = timer->data;

	systemd_notify_state(server->notify_fd, "WATCHDOG=1");
}

static void
watchdog_open(struct server *server)
{
	uint64_t interval_ms = systemd_notify_watchdog_ms();

	uv_timer_init(&server->loop, &server->watchdog);
	server->watchdog.data = server;
	if (interval_ms)
		uv_timer_start(&server->watchdog, on_watchdog, interval_ms, interval_ms);
}

static void
handles_open(struct server *server)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};

	uv_prepare_init(&server->loop, &server->tick);
	server->tick.data = server;
	uv_prepare_start(&server->tick, on_tick);
	uv_timer_init(&server->loop, &server->sweep);
	server->sweep.data = server;
	uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	watchdog_open(server);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		uv_signal_init(&server->loop, &server->signals[i]);
		server->signals[i].data = server;
		uv_signal_start(&server->signals[i], on_signal, signals[i]);
	}
}

/* From here on it is who it is to be, and has what it needs: no thread was started before. */
static int
server_confine(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;

	if (config->access.user && sandbox_become(config->access.user, err) < 0)
		return -1;
	if (config->journal.dir && disk_journal_make_dir(config->journal.dir, err) < 0)
		return -1;
	return sandbox_enter(config, &server->listeners, err);
}

/*
 * The signals that ask it to end: they wait while nobody could act on them, and are let through to
 * who listens to them then, whatever the mask was that it was started with.
 */
static void
hold_end(bool held)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(held ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

/* It answers now; who was asked to end before that says nothing of it. */
static int
server_publish_url(struct server *server, struct chat_err *err)
{
	sigset_t waiting;

	sigemptyset(&waiting);
	sigpending(&waiting);
	if (sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGINT))
		return 0;
	return url_file_write(&server->url_file, server->listeners.at[0].url, err);
}

static void
sockets_close(struct server *server)
{
	listeners_close(&server->listeners);
	tls_close(server->tls);
	tokens_free(&server->sessions.tokens);
	addresses_free(&server->addresses);
}

/* Who can connect from elsewhere has to be somebody, or everybody has to be meant. */
static int
server_guard(const struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;

	if (!listeners_reach_out(&server->listeners) || config->access.tokens ||
		config->tls.client_ca || config->access.open)
		return 0;
	return chat_fail(err, CHAT_USAGE,
		"others than this machine could connect: give --tokens, or --open to let anybody "
		"in");
}

/* A file without tokens is a mistake at the start; later it is who takes them all away. */
static int
server_read_tokens(struct server *server, struct chat_err *err)
{
	const char *path = server->config->access.tokens;

	if (!path)
		return 0;
	if (tokens_open(&server->sessions.tokens, path, err) < 0)
		return -1;
	if (server->sessions.tokens.count)
		return 0;
	return chat_fail(err, CHAT_USAGE,
		"--tokens %s: nobody is in it; --new-token NAME prints a line for it", path);
}

static int
sockets_open(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;

	server->addresses.most = (size_t)config->limits.max_per_address;
	server->addresses.failures_most = config->access.max_failures;
	if (cidrs_parse(&server->addresses.proxies, &config->listening.proxies, err) < 0 ||
		server_read_tokens(server, err) < 0) {
		sockets_close(server);
		return -1;
	}
	if (config->tls.cert) {
		server->tls = tls_open(&config->tls, err);
		if (!server->tls) {
			sockets_close(server);
			return -1;
		}
	}
	if (listeners_open(&server->listeners, &config->listening.addresses, server->tls != NULL,
		    err) == 0 &&
		server_guard(server, err) == 0)
		return 0;
	sockets_close(server);
	return -1;
}

/* A limit that is given is for everybody, one that is not for who is elsewhere. */
static struct rate_limit
limit_of(int64_t given, int64_t usual, int64_t burst)
{
	return (struct rate_limit){given < 0 ? usual : given, burst, given >= 0};
}

static void
rate_limiter_open(struct server *server)
{
	const struct config *c = server->config;
	struct rate_limit *limits = server->sessions.rate_limiter.limits;

	limits[RATE_MESSAGES] = limit_of(c->rates.messages, CONFIG_OPEN_RATE, c->rates.burst);
	limits[RATE_BYTES] = limit_of(c->rates.bytes, CONFIG_OPEN_RATE_BYTES, 0);
	limits[RATE_BYTES].burst = BYTES_BURST_S * limits[RATE_BYTES].per_second;
	limits[RATE_JOINS] = limit_of(c->rates.joins, CONFIG_OPEN_RATE_JOIN, 0);
	limits[RATE_JOINS].burst = JOINS_BURST_S * limits[RATE_JOINS].per_second;
}

static void
sessions_open(struct server *server)
{
	const struct config *config = server->config;
	struct session_context *sessions = &server->sessions;

	sessions->options = (struct session_options){
		.max_connections = connections_allowed(config->limits.max_connections),
		.max_errors = config->limits.max_errors,
		.init_timeout_ms = config->timeouts.init_ms,
		.needs_certificate = config->tls.client_ca != NULL,
		.reserves_server_name = config->channels.read_stdin,
		.is_public = listeners_reach_out(&server->listeners) ||
			config->listening.proxies.count > 0,
		.is_verbose = config->output.verbose,
	};
	sessions->names = (struct origin_names){
		&config->listening.origins, &config->listening.hosts, server->tls};
	sessions->clock = &server->clock;
	sessions->conns = &server->conns;
	sessions->addresses = &server->addresses;
	sessions->channels = &server->channels;
	sessions->error_log = &server->error_log;
	rate_limiter_open(server);
}

static struct monitor_sources
monitor_sources_of(const struct server *server)
{
	return (struct monitor_sources){
		.sessions = &server->sessions,
		.tls = server->tls,
		.events = &server->line_writer,
		.turns = &server->turns,
		.draining = &server->draining,
	};
}

static void
limit_backpressure(struct server *server)
{
	struct backpressure *backpressure = &server->sessions.backpressure;

	backpressure->publish = on_publish;
	backpressure->arg = server;
	backpressure_open(backpressure, &server->channels,
		(size_t)server->config->memory.unsynced_total_bytes,
		(size_t)server->config->limits.max_message_bytes);
}

int
server_open(struct server *server, const struct config *config, struct chat_err *err)
{
	struct conn_limits limits = conn_limits_of(config);
	struct monitor_sources sources;

	memset(server, 0, sizeof(*server));
	server->config = config;
	server->url_file.fd = -1;
	hold_end(true);
	if (sockets_open(server, err) < 0)
		return -1;
	if (uv_loop_init(&server->loop) < 0) {
		sockets_close(server);
		return chat_fail(err, CHAT_INTERNAL, "no event loop can be had");
	}
	sessions_open(server);
	sources = monitor_sources_of(server);
	turn_times_open(&server->turns, &server->loop);
	server->clock.loop = &server->loop;
	clock_set(&server->clock);
	if (conns_open(&server->conns, &server->clock, &session_events, &limits, err) < 0) {
		uv_loop_close(&server->loop);
		sockets_close(server);
		return -1;
	}
	server->notify_fd = systemd_notify_open();
	line_writer_open(&server->line_writer, &server->loop, STDOUT_FILENO, EVENTS_MAX_BYTES);
	error_log_open(&server->error_log, &server->loop, STDERR_FILENO);
	if (monitor_open(&server->monitor, &server->loop, &sources, config->listening.metrics,
		    err) < 0 ||
		url_file_open(&server->url_file, config->listening.url_file,
			config->access.user != NULL, err) < 0 ||
		server_confine(server, err) < 0 || channels_open(server, err) < 0) {
		server_close(server);
		return -1;
	}
	limit_backpressure(server);
	handles_open(server);
	if (config->channels.read_stdin)
		stdin_reader_open(&server->stdin_reader, &server->loop, STDIN_FILENO,
			(size_t)config->limits.max_message_bytes, &server->channels,
			&server->sessions.backpressure, &server->error_log);
	if (accepts_open(server, err) == 0 && server_publish_url(server, err) == 0) {
		channels_announce_server(&server->channels);
		hold_end(false);
		return 0;
	}
	server_close(server);
	return -1;
}

void
server_run(struct server *server)
{
	systemd_notify_state(server->notify_fd, "READY=1");
	error_log_speak(&server->error_log, false); /* the ticks begin */
	uv_run(&server->loop, UV_RUN_DEFAULT);
	error_log_speak(&server->error_log, true);
}

/* ---- closing ---- */

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Events that still wait for their reader are lost. */
static void
server_finish_printing(struct server *server)
{
	struct line_writer *line_writer = &server->line_writer;
	uint64_t lost;

	line_writer_flush(line_writer);
	lost = line_writer->dropped + line_writer_waiting(line_writer);
	if (lost)
		error_log_say(&server->error_log,
			"stdout: there was no room: the last %llu events were not printed",
			(unsigned long long)lost);
	line_writer_leave_loop(line_writer);
	line_writer_close(line_writer);
	error_log_leave_loop(&server->error_log);
}

/* Ends all that is on the loop. False: a reading of the journal does not end. */
static bool
loop_end(struct server *server)
{
	int64_t until_ms = chat_now_ms() + server->config->journal.disk_timeout_ms;
	struct pollfd events = {.fd = uv_backend_fd(&server->loop), .events = POLLIN};

	uv_walk(&server->loop, close_handle, NULL);
	while (uv_run(&server->loop, UV_RUN_NOWAIT)) {
		if (chat_now_ms() >= until_ms) {
			error_log_say(&server->error_log,
				"journal: the disk does not answer: a reading does not end");
			return false;
		}
		poll(&events, 1, 10);
	}
	uv_loop_close(&server->loop);
	return true;
}

/* What others see of the server. */
static void
server_vanish(struct server *server)
{
	struct chat_err err;

	sockets_close(server);
	if (url_file_close(&server->url_file, &err) < 0)
		error_log_say(&server->error_log, "%s", err.text);
}

/*
 * A thread waits for a disk that does not answer, and has what it was given: nothing is freed. Its
 * memory goes with the process.
 */
_Noreturn static void
server_leave(struct server *server)
{
	server_vanish(server);
	_exit(CHAT_EXIT_IO);
}

int
server_close(struct server *server)
{
	struct journal *journal = server->journal;
	enum journal_end end = JOURNAL_KEPT;
	bool answers = true;

	hold_end(true); /* it ends: nothing is to cut that short */
	stdin_reader_close(&server->stdin_reader);
	while (server->conns.all)
		conn_abort(server->conns.all);
	if (journal) {
		answers = journal->kind->settle(journal);
		channels_publish(&server->channels);
	}
	conns_flush(&server->conns);
	server_finish_printing(server);
	monitor_close(&server->monitor);
	conns_close(&server->conns);
	answers = answers && loop_end(server);
	if (journal)
		end = journal->kind->close(journal, !answers);
	if (!answers || end == JOURNAL_HUNG)
		server_leave(server);
	session_context_free(&server->sessions);
	channels_free(&server->channels);
	server_vanish(server);
	error_log_close(&server->error_log);
	if (server->notify_fd >= 0)
		close(server->notify_fd);
	acceptors_free(&server->acceptors);
	monitor_free(&server->monitor);
	return end == JOURNAL_KEPT ? CHAT_EXIT_OK : CHAT_EXIT_IO;
}
