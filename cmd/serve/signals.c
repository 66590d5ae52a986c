/*
 * The signals: SIGTERM and SIGINT end the server, SIGHUP reads the certificate and the
 * tokens again, SIGUSR1 writes the metrics to the error log, SIGUSR2 begins a new segment of the
 * journal.
 */
#include "serve/server.h"

#include <signal.h>

#include "serve/monitor/metrics.h"
#include "serve/session/sessions.h"
#include "serve/util/systemd.h"
#include "text/buf.h"

static const int signals[SERVER_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};

static void
server_report(struct server *server)
{
	struct chat_buf line = {0};

	metrics_write_json(&line, &server->monitor.sources);
	error_log_append(&server->error_log, (struct chat_span){line.at, line.len - 1});
	chat_buf_free(&line);
}

/* Ends the sessions of users that are no longer let in. Returns true if workers go on with that. */
static bool
server_reload_sessions(struct server *server)
{
	sessions_recheck(&server->shard.sessions);
	return server_renew_tokens(server);
}

/* Reads the certificate and the tokens again. If a file is bad, its old content stays valid. */
static void
server_reload(struct server *server)
{
	struct tokens *tokens = &server->shard.sessions.tokens;
	struct chat_err err = {0};

	systemd_notify(&server->notices, "RELOADING=1");
	if (server->tls && tls_reload(server->tls, &err) < 0)
		error_log_printf(&server->error_log, "%s (the old certificate stays)", err.text);
	if (tokens->path && tokens_reload(tokens, &err) < 0)
		error_log_printf(&server->error_log, "%s (the old tokens stay)", err.text);
	else if (tokens->path && server_reload_sessions(server))
		return; /* the workers are not done */
	systemd_notify(&server->notices, "READY=1");
}

static void
server_rotate(struct server *server)
{
	if (server->shard.journal->kind->rotate)
		server->shard.journal->kind->rotate(server->shard.journal);
}

static void
server_end(struct server *server)
{
	if (server->shard.draining)
		server->stopped = true; /* the second signal ends it at once */
	else
		server_drain(server);
}

static void
on_signal(uv_signal_t *handle, int signal)
{
	switch (signal) {
	case SIGUSR1:
		server_report(handle->data);
		break;
	case SIGHUP:
		server_reload(handle->data);
		break;
	case SIGUSR2:
		server_rotate(handle->data);
		break;
	default: /* SIGTERM, SIGINT */
		server_end(handle->data);
	}
}

void
server_open_signals(struct server *server)
{
	for (size_t i = 0; i < SERVER_SIGNALS; i++) {
		uv_signal_t *handle = &server->handles.signals[i];

		uv_signal_init(&server->shard.loop, handle);
		handle->data = server;
		uv_signal_start(handle, on_signal, signals[i]);
	}
}

void
server_hold_signals(bool held)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < SERVER_SIGNALS; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(held ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

bool
server_was_signalled(void)
{
	sigset_t pending;

	sigemptyset(&pending);
	sigpending(&pending);
	return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT);
}
