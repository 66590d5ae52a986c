/* Opens every part of the server, in the order in which they need each other, and runs the loop. */
#include "serve/server.h"

#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/channel/restore.h"
#include "serve/channel/user_data.h"
#include "serve/journal/disk_journal.h"
#include "serve/limits.h"
#include "serve/monitor/totals.h"
#include "serve/sandbox.h"
#include "serve/session/sessions.h"
#include "serve/util/systemd.h"
#include "text/clock.h"
#include "text/err.h"

#define ACCEPTS_AT_ONCE 64 /* of one listener in one turn */
#define REFUSALS_AT_ONCE 33 /* connections beyond the limit that get an HTTP answer */

/* ---- sockets, tokens, certificates ---- */

/* Refuses to serve other machines without authentication, unless --open asks for it. */
static int
check_access(const struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;

	if (!listeners_reach_out(&server->listeners) || config->access.tokens ||
		config->tls.client_ca || config->access.open)
		return 0;
	return chat_fail(err, CHAT_USAGE,
		"others than this machine could connect: give --tokens, or --open to let anybody "
		"in");
}

/* Reads the file of --tokens. An empty one is an error at the start; later it locks all users out.
 */
static int
open_tokens(struct server *server, struct chat_err *err)
{
	const char *path = server->config->access.tokens;

	if (!path)
		return 0;
	if (tokens_open(&server->shard.sessions.tokens, path, err) < 0)
		return -1;
	if (server->shard.sessions.tokens.count)
		return 0;
	return chat_fail(err, CHAT_USAGE,
		"--tokens %s: nobody is in it; --new-token NAME prints a line for it", path);
}

static int
open_tls(struct server *server, struct chat_err *err)
{
	const struct tls_files *files = &server->config->tls;

	if (!files->cert)
		return 0;
	server->tls = tls_open(files, err);
	return server->tls ? 0 : -1;
}

static int
open_listeners(struct server *server, struct chat_err *err)
{
	return listeners_open(
		&server->listeners, &server->config->listening.addresses, server->tls != NULL, err);
}

static int
open_sockets(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;
	struct addresses *addresses = &server->addresses;

	addresses_init(addresses, server->loops.count);
	addresses->most = (size_t)config->limits.max_per_address;
	addresses->failures_most = config->access.max_failures;
	if (origins_check(&config->listening.origins, err) == 0 &&
		cidrs_parse(&addresses->proxies, &config->listening.proxies, err) == 0 &&
		cidrs_parse(&addresses->tcp_proxies, &config->listening.tcp_proxies, err) == 0 &&
		open_tokens(server, err) == 0 && open_tls(server, err) == 0 &&
		open_listeners(server, err) == 0 && check_access(server, err) == 0)
		return 0;
	server_close_sockets(server);
	return -1;
}

void
server_close_sockets(struct server *server)
{
	listeners_close(&server->listeners);
	tls_close(server->tls);
	tokens_free(&server->shard.sessions.tokens);
	addresses_free(&server->addresses);
}

/* ---- accepting ---- */

static void
on_connection(
	void *arg, const struct listener *listener, int fd, const struct sockaddr_storage *peer)
{
	struct server *server = arg;
	struct session_context *sessions = &server->shard.sessions;
	struct address *address =
		addresses_enter(&server->addresses, (const struct sockaddr *)peer);

	if (address_is_flooding(address, &server->addresses) ||
		addresses_connections(&server->addresses) >
			sessions->options.max_connections + REFUSALS_AT_ONCE) {
		addresses_leave(&server->addresses, address);
		close(fd);
		return;
	}
	session_start(sessions, fd, listener->secure ? server->tls : NULL, address);
}

static int
open_acceptors(struct server *server, struct chat_err *err)
{
	server->acceptors = (struct acceptors){
		.listeners = &server->listeners,
		.at_once = ACCEPTS_AT_ONCE,
		.on_accept = on_connection, /* which starts a session */
		.arg = server,
	};
	return acceptors_open(&server->acceptors, &server->shard.loop, err);
}

/* ---- the shard ---- */

struct shard_shared
server_shared(struct server *server)
{
	const struct config *config = server->config;

	return (struct shard_shared){
		.tls = server->tls,
		.addresses = &server->addresses,
		.error_log = &server->error_log,
		.lending = server->loops.lending,
		.rate_pool = server->loops.rate_pool,
		.loops = server->loops.count,
		.is_public = listeners_reach_out(&server->listeners) ||
			config->listening.proxies.count > 0 ||
			config->listening.tcp_proxies.count > 0,
	};
}

static void
on_relieve(void *arg)
{
	server_publish(arg);
}

/* ---- channels and journal ---- */

/* The workers have their parts. */
static int
open_shared_journal(
	struct server *server, const struct journal_options *options, struct chat_err *err)
{
	struct shared_journal *shared = server->loops.shared_journal;
	struct shard *own = &server->shard;
	struct channels *sets[CONFIG_LOOPS_MAX] = {&own->channels};
	struct journal *part =
		shared_journal_part(shared, 0, &own->loop, &server_journal_events, server);

	if (shared_journal_open(shared, options, err) < 0)
		return -1;
	own->journal = own->channels.journal = part;
	for (size_t i = 1; i < server->loops.count; i++)
		sets[i] = &server->loops.workers[i - 1].shard.channels;
	return channels_restore(sets, server->loops.count, shared_journal_disk(shared), err);
}

static int
open_journal(struct server *server, struct chat_err *err)
{
	const struct journal_events *events = &server_journal_events; /* tick.c */
	struct journal_options options = journal_options_of(server->config);
	struct channels *own = &server->shard.channels;

	if (server->loops.shared_journal)
		return open_shared_journal(server, &options, err);
	server->shard.journal = options.dir
		? disk_journal_open(&options, &server->shard.loop, events, server, err)
		: null_journal_open(events, server);
	own->journal = server->shard.journal;
	if (!server->shard.journal || !options.dir)
		return server->shard.journal ? 0 : -1;
	return channels_restore(&own, 1, (struct disk_journal *)server->shard.journal, err);
}

static void
on_event(void *arg, struct chat_span line)
{
	struct server *server = arg;

	if (server->loops.count == 1) {
		event_printer_print(&server->event_printer, line);
		return;
	}
	chat_buf_append_span(&server->loops.events, line); /* server_publish passes them on */
	chat_buf_append(&server->loops.events, "\n", 1);
}

static int
open_channels(struct server *server, uint64_t epoch, struct chat_err *err)
{
	shard_open_channels(&server->shard, epoch);
	if (!server->config->output.quiet)
		server->shard.channels.watcher = (struct watcher){on_event, server};
	return open_journal(server, err);
}

/* ---- the cluster ---- */

static int begin_serving(struct server *server, struct chat_err *err);

void
server_fail(struct server *server, const struct chat_err *err)
{
	error_log_printf(&server->error_log, "%s", err->text);
	server->failure = chat_exit_status(err->code);
	if (!server->shard.draining)
		server_drain(server);
}

static void
on_cluster_ready(void *arg)
{
	struct server *server = arg;
	struct chat_err err;

	if (server->shard.draining)
		return;
	server->shard.sessions.not_ready = false;
	if (begin_serving(server, &err) < 0)
		server_fail(server, &err);
	else
		systemd_notify(&server->notices, "READY=1");
}

static void
on_cluster_failed(void *arg, const struct chat_err *why)
{
	struct chat_err err;

	chat_fail(&err, why->code, "cluster: %s", why->text);
	server_fail(arg, &err);
}

static void
on_expel(void *arg, struct member *member)
{
	(void)arg;
	session_expel(member);
}

static const struct cluster_events cluster_events = {
	.ready = on_cluster_ready,
	.expel = on_expel,
	.failed = on_cluster_failed,
};

static int
open_cluster(struct server *server, struct chat_err *err)
{
	const struct shared_log_options *options = &server->config->cluster;

	if (!options->urls)
		return 0;
	return cluster_open(&server->cluster, options, &server->shard.loop, &server->shard.channels,
		&server->error_log, &cluster_events, server, err);
}

/* ---- the whole ---- */

/* Opens the loop and the parts on it that need no file. On failure nothing is left open. */
static int
open_loop(struct server *server, struct chat_err *err)
{
	struct shard_shared shared = server_shared(server);
	uv_loop_t *loop = &server->shard.loop;

	if (shard_open_loop(&server->shard, server->config, NULL, err) < 0) {
		server_close_sockets(server);
		return -1;
	}
	event_printer_open(&server->event_printer, loop, STDOUT_FILENO, &server->error_log);
	error_log_open(&server->error_log, loop, STDERR_FILENO);
	systemd_notices_open(&server->notices);
	shard_open_sessions(&server->shard, &shared, 0);
	return 0;
}

static void
add_rest(void *arg, struct totals *totals)
{
	struct server *server = arg;

	totals->printer_dropped += event_printer_dropped(&server->event_printer);
	totals->memory[USAGE_OUTPUT] += event_printer_bytes(&server->event_printer);
	server_add_workers(server, totals);
}

static int
open_monitor(struct server *server, struct chat_err *err)
{
	const struct monitor_sources sources = {
		.sessions = &server->shard.sessions,
		.tls = server->tls,
		.turns = &server->shard.turns,
		.add_rest = add_rest,
		.arg = server,
		.draining = &server->shard.draining,
		.cluster = &server->cluster,
	};

	return monitor_open(&server->monitor, &server->shard.loop, &sources,
		server->config->listening.metrics, err);
}

/* Gives up the rights that serving does not need. Threads may only start after this. */
static int
confine(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;

	if (config->access.user && sandbox_become(config->access.user, err) < 0)
		return -1;
	if (config->journal.dir && disk_journal_make_dir(config->journal.dir, err) < 0)
		return -1;
	return sandbox_enter(config, &server->listeners, err);
}

static void
open_stdin(struct server *server)
{
	const struct stdin_route route = {server_pass_line, server};
	struct shard *shard = &server->shard;

	stdin_reader_open(&server->stdin_reader, &shard->loop, STDIN_FILENO,
		(size_t)server->config->limits.max_message_bytes, &shard->channels, &route,
		&shard->sessions.backpressure, &server->error_log);
}

/* Opens the monitor and the URL file, enters the sandbox, and opens the other parts. */
static int
open_contents(struct server *server, struct chat_err *err)
{
	const struct config *config = server->config;
	uint64_t epoch = (uint64_t)chat_unix_ms();

	if (open_monitor(server, err) < 0 ||
		url_file_open(&server->url_file, config->listening.url_file,
			config->access.user != NULL, err) < 0 ||
		server_open_workers(server, epoch, err) < 0 || confine(server, err) < 0 ||
		open_channels(server, epoch, err) < 0 || open_cluster(server, err) < 0)
		return -1;
	shard_open_backpressure(&server->shard, on_relieve, server);
	server_open_timers(server);
	server_open_signals(server);
	if (config->channels.read_stdin)
		open_stdin(server);
	return 0;
}

/* Writes the URL file, unless SIGTERM or SIGINT is pending. */
static int
begin_serving(struct server *server, struct chat_err *err)
{
	if (!server_was_signalled() &&
		url_file_write(&server->url_file, server->listeners.at[0].url, err) < 0)
		return -1;
	if (!server->cluster.shared_log) /* which has announced it before everything else */
		channels_announce_server(&server->shard.channels);
	if (server->loops.count > 1) /* before a worker prints an event */
		event_printer_take(&server->event_printer, &server->loops.events);
	server->serving = true;
	return 0;
}

/* Prepares for as many loops as the options say; no thread is started yet. */
static void
open_loops(struct server *server)
{
	size_t total[LENT_KINDS];

	server->loops.count = config_loops(server->config);
	if (server->loops.count == 1)
		return;
	memory_use_threads(server->loops.count);
	lent_limits_of(total, server->config);
	server->loops.lending = lending_new(server->loops.count, total);
	server->loops.rate_pool = rate_pool_new();
	if (server->config->journal.dir)
		server->loops.shared_journal = shared_journal_new(server->loops.count);
}

int
server_open(struct server *server, const struct config *config, struct chat_err *err)
{
	memset(server, 0, sizeof(*server));
	server->config = config;
	server->url_file.fd = -1;
	open_loops(server);
	server_hold_signals(true);
	if (limits_raise_files(err) < 0 || open_sockets(server, err) < 0 ||
		open_loop(server, err) < 0)
		return -1;
	server->shard.sessions.not_ready =
		config->cluster.urls != NULL; /* until on_cluster_ready */
	if (open_contents(server, err) < 0 || server_start_workers(server, err) < 0 ||
		open_acceptors(server, err) < 0 ||
		(!config->cluster.urls && begin_serving(server, err) < 0)) {
		server_close(server);
		return -1;
	}
	server_hold_signals(false);
	return 0;
}

void
server_run(struct server *server)
{
	if (server->serving)
		systemd_notify(&server->notices, "READY=1");
	error_log_set_immediate(&server->error_log, false); /* from now on the tick flushes it */
	while (!server->stopped) {
		poller_wait(&server->shard.conns.poller, true);
		server_turn(server);
	}
	error_log_set_immediate(&server->error_log, true);
}
