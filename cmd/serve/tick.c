/*
 * The turns of the server, the tick at the end of each, and what happens from time to time. Here
 * accepted messages are committed to the journal and published.
 */
#include "serve/server.h"

#include "serve/channel/presence.h"
#include "serve/channel/publish.h"
#include "serve/channel/rollback.h"
#include "serve/monitor/totals.h"
#include "serve/session/sessions.h"
#include "serve/util/memory.h"
#include "serve/util/systemd.h"

#define WORKER_LATE_MS 1000 /* a worker sweeps ten times a second; this is late on any machine */

/* ---- what the journal answers ---- */

static void
on_durable(void *arg, uint64_t ticket)
{
	struct server *server = arg;

	server->shard.channels.durable = ticket; /* channels_publish looks at it */
}

static void
on_failed(void *arg, uint64_t ticket, const struct chat_err *err)
{
	struct server *server = arg;

	if (server->cluster.shared_log) {
		/* The other servers have these messages, so nobody may be told that they are
		 * refused. The peers go on at other servers. */
		cluster_halt(&server->cluster);
		server_fail(server, err);
		server->stopped = true;
		return;
	}
	channels_rollback(
		&server->shard.channels, ticket); /* the journal has reported the reason */
}

static void
on_warning(void *arg, const char *sentence)
{
	struct server *server = arg;

	error_log_printf(&server->error_log, "journal: %s", sentence);
}

const struct journal_events server_journal_events = {
	.durable = on_durable,
	.failed = on_failed,
	.warn = on_warning,
};

/* ---- the tick ---- */

void
server_publish(struct server *server)
{
	const struct journal_kind *kind = server->shard.journal->kind;

	shard_publish(&server->shard); /* which may call on_durable */
	cluster_turn(&server->cluster);
	sessions_settle(&server->shard.sessions);
	if (server->shard.settling && kind->is_settled(server->shard.journal) &&
		cluster_is_settled(&server->cluster))
		server_say_goodbye(server);
	/* Before the connections are flushed: an event is printed before a member sees it. */
	if (server->loops.count == 1)
		event_printer_flush(&server->event_printer);
	else
		event_printer_take(&server->event_printer, &server->loops.events);
	error_log_flush(&server->error_log);
}

/* Resumes paused senders until too much waits for the journal. */
static void
resume_senders(struct server *server)
{
	if (sessions_resume(&server->shard.sessions) && stdin_reader_resume(&server->stdin_reader))
		server_publish(server);
	backpressure_mark(&server->shard.sessions.backpressure);
}

static void
server_tick(struct server *server)
{
	server_publish(server);
	catchup_turn(&server->shard.sessions.catchup);
	resume_senders(server);
	shard_flush(&server->shard);
	if (server->shard.draining && server->shard.conns.count == 0 &&
		server_workers_have_ended(server))
		server->stopped = true;
}

void
server_turn(struct server *server)
{
	turn_times_begin(&server->shard.turns);
	poller_handle(&server->shard.conns.poller);
	server_tick(server);
	turn_times_end(&server->shard.turns);
}

/* ---- the sweep ---- */

static void
server_sweep(struct server *server)
{
	struct totals totals;

	if (clock_update(&server->shard.clock))
		error_log_printf(&server->error_log,
			"the clock was set back by more than a day: the timestamps of messages go "
			"back with it");
	addresses_sweep(&server->addresses, clock_now_ms(&server->shard.clock));
	shard_sweep(&server->shard);
	cluster_sweep(&server->cluster);
	systemd_notify_again(&server->notices);
	totals_take(&totals, &server->monitor.sources, false);
	memory_trim(&server->memory_peak, totals_memory(&totals));
}

static void
on_sweep(uv_timer_t *timer)
{
	server_sweep(timer->data);
}

/* ---- the handles ---- */

static void
on_watchdog(uv_timer_t *timer)
{
	const struct server *server = timer->data;

	if (server_workers_sweep(server, uv_timer_get_repeat(timer) + WORKER_LATE_MS))
		systemd_notify_watchdog(&server->notices);
}

static void
watchdog_open(struct server *server)
{
	uint64_t interval_ms = systemd_watchdog_ms();
	uv_timer_t *watchdog = &server->handles.watchdog;

	uv_timer_init(&server->shard.loop, watchdog);
	watchdog->data = server;
	if (interval_ms)
		uv_timer_start(watchdog, on_watchdog, interval_ms, interval_ms);
}

void
server_open_timers(struct server *server)
{
	struct server_handles *handles = &server->handles;

	uv_timer_init(&server->shard.loop, &handles->sweep);
	handles->sweep.data = server;
	uv_timer_start(&handles->sweep, on_sweep, SHARD_SWEEP_MS, SHARD_SWEEP_MS);
	watchdog_open(server);
}
