/*
 * The end of the server, in three steps: it drains (no new connections, nothing more is read, what
 * was accepted is settled), it says goodbye to every peer, and it closes what is left.
 */
#include "serve/server.h"

#include <poll.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/channel/publish.h"
#include "serve/session/sessions.h"
#include "serve/util/systemd.h"
#include "text/clock.h"
#include "text/line.h"

void
server_drain(struct server *server)
{
	shard_drain(&server->shard);
	systemd_notify(&server->notices, "STOPPING=1");
	acceptors_stop(&server->acceptors);
	stdin_reader_close(&server->stdin_reader);
	server_drain_workers(server);
}

void
server_say_goodbye(struct server *server)
{
	shard_say_goodbye(&server->shard);
}

/* ---- closing ---- */

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Closes every handle and the loop. Returns false if a read of the journal does not end. */
static bool
close_loop(struct server *server)
{
	int64_t until_ms = chat_now_ms() + server->config->journal.disk_timeout_ms;
	struct pollfd events = {.fd = uv_backend_fd(&server->shard.loop), .events = POLLIN};

	uv_walk(&server->shard.loop, close_handle, NULL);
	while (uv_run(&server->shard.loop, UV_RUN_NOWAIT)) {
		if (chat_now_ms() >= until_ms) {
			error_log_printf(&server->error_log,
				"journal: the disk does not answer: a reading does not end");
			return false;
		}
		poll(&events, 1, 10);
	}
	uv_loop_close(&server->shard.loop);
	return true;
}

/* Aborts the connections that are left, and settles the journal. Returns false if the disk does
 * not answer. */
static bool
settle(struct server *server)
{
	struct journal *journal = server->shard.journal;
	bool answers = true;

	shard_abort(&server->shard);
	if (journal) {
		answers = journal->kind->settle(journal);
		channels_publish(&server->shard.channels); /* on stdout */
		if (server->loops.count > 1)
			event_printer_take(&server->event_printer, &server->loops.events);
	}
	conns_flush(&server->shard.conns);
	return answers;
}

/* Closes the sockets and removes the URL file. */
static void
close_outside(struct server *server)
{
	struct chat_err err;

	server_close_sockets(server);
	if (url_file_close(&server->url_file, &err) < 0)
		error_log_printf(&server->error_log, "%s", err.text);
}

/*
 * Ends the process without freeing anything: a thread waits for a disk that does not answer, and
 * still uses the journal's memory.
 */
_Noreturn static void
leave_hung(struct server *server)
{
	close_outside(server);
	_exit(CHAT_EXIT_IO);
}

static void
free_all(struct server *server)
{
	cluster_free(&server->cluster);
	shard_free(&server->shard);
	lending_free(server->loops.lending);
	rate_pool_free(server->loops.rate_pool);
	shared_journal_free(server->loops.shared_journal);
	chat_buf_free(&server->loops.events);
	close_outside(server);
	error_log_close(&server->error_log);
	systemd_notices_close(&server->notices);
	acceptors_free(&server->acceptors);
	monitor_free(&server->monitor);
}

int
server_close(struct server *server)
{
	struct journal *journal = server->shard.journal;
	enum journal_end end = JOURNAL_KEPT;
	bool answers;

	server_hold_signals(true); /* no signal is to end the process before it is done */
	stdin_reader_close(&server->stdin_reader);
	server_stop_workers(server);
	answers = settle(server); /* what the workers have accepted, too */
	if (answers) /* else the journal still uses the names of their channels */
		server_close_workers(server);
	event_printer_close(&server->event_printer);
	error_log_leave_loop(&server->error_log);
	monitor_close(&server->monitor);
	cluster_close(&server->cluster);
	conns_close(&server->shard.conns);
	answers = answers && close_loop(server);
	if (journal)
		end = journal->kind->close(journal, !answers);
	if (!answers || end == JOURNAL_HUNG)
		leave_hung(server);
	free_all(server);
	if (end != JOURNAL_KEPT)
		return CHAT_EXIT_IO;
	return server->failure;
}
