/* The workers, as the server's own loop sees them. */
#include "serve/server.h"

#include <stdlib.h>

#include "serve/session/session.h"
#include "text/buf.h"

static size_t
count_of(const struct server *server)
{
	return server->loops.workers ? server->loops.count - 1 : 0;
}

/* session_context.hand_over: number 0 is this loop, and no session comes back to it. */
static void
on_hand_over(void *arg, struct session *session)
{
	struct server *server = arg;

	worker_take(&server->loops.workers[session->destination - 1], session);
}

bool
server_pass_line(void *arg, struct chat_span channel, const struct stdin_line *line)
{
	struct server *server = arg;
	size_t loop = channel_loop(channel, server->loops.count);

	if (loop > 0)
		worker_take_line(&server->loops.workers[loop - 1], line);
	return loop > 0;
}

/* On the thread of a worker. */
static void
on_ended(void *arg)
{
	struct server *server = arg;

	atomic_fetch_sub(&server->loops.running, 1);
	uv_async_send(&server->loops.wake);
}

/* On the thread of a worker. */
static void
on_renewed(void *arg)
{
	struct server *server = arg;

	atomic_fetch_sub(&server->loops.renewing, 1);
	uv_async_send(&server->loops.wake);
}

/* A worker has ended, which the tick looks at; or it has the new tokens. */
static void
on_wake(uv_async_t *wake)
{
	struct server *server = wake->data;

	if (!server->loops.reloads || atomic_load(&server->loops.renewing))
		return;
	server->loops.reloads = false;
	systemd_notify(&server->notices, "READY=1");
}

/* ---- opening ---- */

int
server_open_workers(struct server *server, uint64_t epoch, struct chat_err *err)
{
	struct shard *own = &server->shard;
	size_t count = server->loops.count - 1;
	struct shard_shared shared = server_shared(server);
	struct worker_options options = {
		.config = server->config,
		.like = own,
		.shared = &shared,
		.tokens = &own->sessions.tokens,
		.printer = server->config->output.quiet ? NULL : &server->event_printer,
		.epoch = epoch,
		.shared_journal = server->loops.shared_journal,
		.on_renewed = on_renewed,
		.on_ended = on_ended,
		.arg = server,
	};

	if (count == 0)
		return 0;
	uv_async_init(&own->loop, &server->loops.wake, on_wake);
	server->loops.wake.data = server;
	own->sessions.hand_over = on_hand_over;
	own->sessions.arg = server;
	server->loops.workers = chat_alloc_zeroed(count, sizeof(*server->loops.workers));
	for (size_t i = 0; i < count; i++)
		if (worker_open(&server->loops.workers[i], &options, i + 1, err) < 0) {
			server->loops.count = i + 1; /* those that were opened are closed */
			return -1;
		}
	return 0;
}

int
server_start_workers(struct server *server, struct chat_err *err)
{
	for (size_t i = 0; i < count_of(server); i++) {
		atomic_fetch_add(&server->loops.running, 1);
		if (worker_start(&server->loops.workers[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- while they run ---- */

bool
server_renew_tokens(struct server *server)
{
	server->loops.reloads = count_of(server) > 0;
	atomic_fetch_add(&server->loops.renewing, count_of(server));
	for (size_t i = 0; i < count_of(server); i++)
		worker_renew_tokens(&server->loops.workers[i], &server->shard.sessions.tokens);
	return server->loops.reloads;
}

bool
server_workers_sweep(const struct server *server, uint64_t within_ms)
{
	uint64_t now_ns = uv_hrtime();

	for (size_t i = 0; i < count_of(server); i++) {
		uint64_t swept_ns = atomic_load(&server->loops.workers[i].swept_ns);

		if (now_ns > swept_ns && now_ns - swept_ns > within_ms * 1000000)
			return false;
	}
	return true;
}

void
server_add_workers(const struct server *server, struct totals *totals)
{
	for (size_t i = 0; i < count_of(server); i++)
		worker_add_totals(&server->loops.workers[i], totals);
}

/* ---- the end ---- */

void
server_drain_workers(const struct server *server)
{
	for (size_t i = 0; i < count_of(server); i++)
		worker_drain(&server->loops.workers[i]);
}

bool
server_workers_have_ended(const struct server *server)
{
	return atomic_load(&server->loops.running) == 0;
}

void
server_stop_workers(struct server *server)
{
	for (size_t i = 0; i < count_of(server); i++)
		worker_stop(&server->loops.workers[i]);
}

void
server_close_workers(struct server *server)
{
	for (size_t i = 0; i < count_of(server); i++)
		worker_close(&server->loops.workers[i]);
	free(server->loops.workers);
	server->loops.workers = NULL;
}
